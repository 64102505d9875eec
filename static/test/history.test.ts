// The list of all that was done: the same for who was there and for who comes later.

import { expect, test } from "vitest";
import { givenName } from "../src/people/names.ts";
import { History, type Logged, type LogPage } from "../src/watching/history.ts";

const STATE: any = { title: "", basemap: "none", camera: { center: [0, 0] }, layers: [{ id: "a", title: "Areas" }] };
const START = Date.parse("2026-11-23T12:00:00Z");
const event = (revision: number, ops: any[], { seconds = revision, agent = "m1", kind = "model" } = {}): Logged => ({
  position: `e.${revision}.x`,
  at: new Date(START + seconds * 1_000).toISOString(),
  origin: { kind: kind as any, id: "Claude", name: kind === "person" ? "" : "Claude" },
  ...(kind === "model" ? { agent } : {}),
  ops,
});
const put = (id: string, title: string): any => ({ op: "put_layer", layer: { id, title, source: { data: title }, style_layers: [] } });
const hide = (id: string): any => ({ op: "set_layer", id, visible: false });
const EVENTS = [
  event(1, [put("b", "Bees")]),
  event(2, [hide("b")]),
  event(3, [hide("b")]),
  event(4, [{ op: "set_camera", camera: { center: [7, 46] } }], { agent: "m2" }),
  event(5, [{ op: "remove_layer", id: "b" }], { kind: "person" }),
  event(6, [hide("a")], { seconds: 60 }),
  event(7, [hide("a")], { seconds: 600 }),
];
const page = (from: number, to: number, older: LogPage["older"]): LogPage => ({ older, events: EVENTS.slice(from, to).toReversed() });
const read = (history: History) =>
  history.turns(STATE, [], "").map(({ who, lines }) => [who.name, ...lines.map(({ did, times }) => (times > 1 ? `${did} ${times}` : did))]);

const TURNS = [
  ["Claude", "hides Areas"],
  ["Claude", "hides Areas"],
  [givenName("Claude"), "removes Bees"],
  ["Claude", "moves the view"],
  ["Claude", "hides Bees 2", "adds Bees"],
];

test("turns are by author and pause, newest first, with what was done again counted", () => {
  const history = new History();
  history.start(page(0, 7, "none"), []);
  expect(read(history)).toEqual(TURNS);
});

test("who was there reads the same as who comes later, page by page", () => {
  const there = new History();
  there.start(page(0, 2, "none"), EVENTS.slice(1, 3));
  for (const one of EVENTS.slice(3)) there.add(one);
  const late = new History();
  late.start(page(4, 7, "more"), []);
  expect([late.older, late.oldest]).toEqual(["more", "e.5.x"]);
  late.append(page(0, 4, "none"));
  expect([read(late), read(there)]).toEqual([TURNS, TURNS]);
});

test("what has a place leads there; a layer that is gone has none", () => {
  const history = new History();
  history.start(page(0, 7, "forgotten"), []);
  const places = history.turns(STATE, [], "").flatMap(({ lines }) => lines.map(({ go }) => go?.camera ?? go?.layer ?? null));
  expect(places).toEqual(["a", "a", null, { center: [7, 46] }, null, null]);
  expect(history.older).toBe("forgotten");
});

test("as many events are kept as a page can hold, and older ones are asked for again", () => {
  const history = new History();
  history.start({ older: "none", events: [] }, []);
  for (let n = 0; n < 2_001; n++) history.add(event(n, [hide("a")]));
  expect([history.older, history.oldest]).toEqual(["more", "e.1.x"]);
});
