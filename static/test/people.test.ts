// Who is here: names, colours, the frame as it is read, and following.

import { createHash } from "node:crypto";
import { beforeEach, expect, test, vi } from "vitest";
import { isAt } from "../src/map/at.ts";
import { AGAIN_MS, Follow, type Following } from "../src/people/follow.ts";
import { readFrame, type Person, type View } from "../src/wire/presence_frame.ts";
import { coversMost } from "../src/people/marks.ts";
import { colorsOf, givenName, namesOf, TINTS } from "../src/people/names.ts";
import { publicId, sha256 } from "../src/wire/public_id.ts";

const ids = Array.from({ length: 200 }, (_, n) => publicId(`tab ${n}`));
const VIEW = { center: [8.5, 47.4], zoom: 9, bearing: 0, pitch: 0, bounds: [8, 47, 9, 48] };

test("a page finds itself by the id that the server makes of its own", () => {
  for (const length of [0, 1, 32, 55, 56, 63, 64, 65, 119, 120, 1_000]) {
    const text = "ä".repeat(length / 2) + "x".repeat(length % 2);
    expect(sha256(new TextEncoder().encode(text))).toBe(createHash("sha256").update(text).digest("hex"));
  }
  expect(publicId("tab")).toBe(createHash("sha256").update("tab").digest("hex").slice(0, 16));
});

test("who set no name has one by the id, the same everywhere, in the colour that it says", () => {
  for (const id of ids) {
    expect(givenName(id)).toMatch(/^[A-Z][a-z]+ [a-z]+$/);
    expect(colorsOf([id]).get(id)).toBe(`var(--tint-${givenName(id).split(" ")[0]!.toLowerCase()})`);
  }
  expect(new Set(ids.map(givenName)).size).toBeGreaterThan(120);
  expect(new Set(ids.map((id) => colorsOf([id]).get(id))).size).toBe(TINTS.length);
  expect(givenName("not hexadecimal")).toBe(givenName("not hexadecimal"));
});

test("two of one colour are told apart, and whoever was there first keeps it", () => {
  const [first, ...others] = ids.filter((id) => givenName(id).startsWith("Blue"));
  const colors = colorsOf([first!, others[0]!]);
  expect(colors.get(first!)).toBe("var(--tint-blue)");
  expect(colors.get(others[0]!)).toMatch(/^color-mix\(.*--tint-blue.*\)$/);
});

test("two of one name are numbered, whatever the order of the list", () => {
  const all = [{ id: "b", name: "Claude" }, { id: "c", name: "" }, { id: "a", name: "Claude" }];
  const names = namesOf(all);
  expect(Object.fromEntries(names)).toEqual({ a: "Claude", b: "Claude 2", c: givenName("c") });
  expect(Object.fromEntries(namesOf(all.toReversed()))).toEqual(Object.fromEntries(names));
});

test("a frame is read as far as it is sound", () => {
  const told = { id: "a", name: "Ana", kind: "person", author: "f", viewport: VIEW, cursor: [8.5, 47.4] };
  const models = [{ id: "m", name: "Claude", drawing: true }, { id: "n" }, { name: "no id" }];
  expect(readFrame({ count: 3, viewers: [told, { id: "b" }], models })).toEqual({
    count: 3,
    people: [
      { id: "a", name: "Ana", author: "f", view: VIEW, cursor: [8.5, 47.4] },
      { id: "b", name: "", author: "", view: null, cursor: null },
    ],
    models: [{ id: "m", name: "Claude", drawing: true }, { id: "n", name: "An assistant", drawing: false }],
    calls: [],
  });
  const odd = { id: "o", name: 7, viewport: { center: ["x", 1], zoom: 3 }, cursor: [1, NaN] };
  expect(readFrame({ viewers: [odd, null, { id: 3 }], models: "none" })).toEqual({
    count: 1, people: [{ id: "o", name: "", author: "", view: null, cursor: null }], models: [], calls: [],
  });
  expect(readFrame(null)).toEqual({ count: 0, people: [], models: [], calls: [] });
  expect(readFrame({ viewers: Array.from({ length: 500 }, () => told) }).people.length).toBe(100);
});

test("a frame around one's whole view is none", () => {
  const free = { left: 0, top: 0, right: 100, bottom: 100 };
  expect(coversMost({ left: -5, top: -5, right: 105, bottom: 99 }, free)).toBe(true);
  expect(coversMost({ left: 20, top: -5, right: 105, bottom: 99 }, free)).toBe(false);
  expect(coversMost({ left: 200, top: 0, right: 300, bottom: 99 }, free)).toBe(false);
});

test("a map is where a camera looks as far as that is told, however the world is turned", () => {
  const at = (lng: number, zoom: number) =>
    ({ getCenter: () => ({ lng, lat: 47 }), getZoom: () => zoom, getBearing: () => -0.01, getPitch: () => 0 }) as any;
  expect(isAt(at(368.5, 9), { center: [8.5, 47], zoom: 9, bearing: 360 })).toBe(true);
  expect(isAt(at(8.5001, 9), { center: [8.5, 47], zoom: 9 })).toBe(false);
  expect(isAt(at(8.5, 9.1), { center: [8.5, 47], zoom: 9 })).toBe(false);
  expect(isAt(at(8.5, 9), { center: [8.5, 47] })).toBe(false);
  expect(isAt(at(8.5, 9), { bounds: [8, 46, 9, 48] })).toBe(false);
});

let looked: number[], shown: (Following | null)[], hand: boolean, follow: Follow;
const person = (id: string, zoom: number): Person =>
  ({ id, name: "", author: "", cursor: null, view: { ...VIEW, zoom } as View });

beforeEach(() => {
  vi.useFakeTimers();
  [looked, shown, hand] = [[], [], false];
  follow = new Follow({
    look: ({ zoom }) => looked.push(zoom),
    handIsOn: () => hand,
    show: () => shown.push(follow.state),
  });
});

test("nobody is followed until chosen; then each view is looked at once", () => {
  follow.here([person("a", 3), person("b", 4)]);
  expect(looked).toEqual([]);
  follow.start("a");
  follow.here([person("a", 3), person("b", 5)]);
  follow.here([person("a", 6), person("b", 5)]);
  expect(looked).toEqual([3, 6]);
  expect(shown).toEqual([{ id: "a", on: true }]);
});

test("a hand ends it, one click goes on, and who leaves is followed no more", () => {
  follow.here([person("a", 3)]);
  follow.moved();
  follow.start("a");
  follow.moved();
  follow.here([person("a", 7)]);
  expect([looked, follow.id]).toEqual([[3], undefined]);
  follow.start("a");
  expect([looked, follow.id]).toEqual([[3, 7], "a"]);
  follow.here([person("b", 1)]);
  expect(shown).toEqual([{ id: "a", on: true }, { id: "a", on: false }, { id: "a", on: true }, null]);
});

test("a map that is held waits, and goes where they are by then", () => {
  follow.here([person("a", 3)]);
  follow.start("a");
  hand = true;
  follow.here([person("a", 4)]);
  follow.here([person("a", 5)]);
  vi.advanceTimersByTime(3 * AGAIN_MS);
  expect(looked).toEqual([3]);
  hand = false;
  vi.advanceTimersByTime(AGAIN_MS);
  expect(looked).toEqual([3, 5]);
  expect(vi.getTimerCount()).toBe(0);
});
