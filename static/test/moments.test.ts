// What is told over the map, and for how long: events at once, calls from frames, and never the same thing twice.

import { beforeEach, expect, test, vi } from "vitest";
import type { Call } from "../src/wire/presence_frame.ts";
import { FOLD_MS, Moments, type Moment } from "../src/watching/moments.ts";

let shown: (string | null)[], moments: Moments;
const WHO = { id: "m", name: "Claude", color: "red" };
const moment = (did: string): Moment => ({ who: WHO, did, state: "done", quiet: false });
const call = (id: string, state: Call["state"], more: Partial<Call> = {}): Call => ({ id, model: "m", name: "Claude", tool: id, state, reads: false, ...more });
const frame = (...calls: Call[]): void =>
  moments.calls(calls, ({ tool, state, reads }) => ({ who: WHO, did: tool, state, quiet: reads }));
const last = (): string | null => shown.at(-1) ?? null;

beforeEach(() => {
  vi.useFakeTimers();
  shown = [];
  moments = new Moments((one) => shown.push(one && `${one.did} ${one.state}`));
  frame();
});

test("a change is told for six seconds, and as long as a hand is over it", () => {
  moments.event(moment("adds Cities"), "p1");
  vi.advanceTimersByTime(FOLD_MS - 1);
  expect(shown).toEqual(["adds Cities done"]);
  moments.hold(true);
  vi.advanceTimersByTime(10 * FOLD_MS);
  moments.hold(false);
  vi.advanceTimersByTime(FOLD_MS - 1);
  expect(last()).toBe("adds Cities done");
  vi.advanceTimersByTime(1);
  expect(last()).toBe(null);
});

test("who is called otherwise since another came is told by the new name", () => {
  const names: string[] = [];
  moments = new Moments((one) => one && names.push(one.who.name));
  const name = (told: string): void => moments.amend((one) => (one.who.name === told ? one : { ...one, who: { ...WHO, name: told } }));
  name("Claude 2"); // while nothing is told
  moments.event(moment("adds Cities"), "p1");
  for (const told of ["Claude", "Claude 2", "Claude 2"]) name(told);
  expect(names).toEqual(["Claude", "Claude 2"]);
});

test("a call is told while it runs, then as done, and its event once", () => {
  frame(call("add", "running"));
  vi.advanceTimersByTime(10 * FOLD_MS);
  expect(shown).toEqual(["add running"]);
  moments.event(moment("adds Cities"), "p1");
  frame(call("add", "running", { position: "p1" }));
  frame(call("add", "done", { position: "p1" }));
  expect(shown).toEqual(["add running", "adds Cities done"]);
  vi.advanceTimersByTime(FOLD_MS);
  expect(last()).toBe(null);
});

test("an event that overtakes what tells of its call has the last word", () => {
  moments.event(moment("hides Cities"), "p1");
  frame(call("toggle", "running"));
  frame(call("toggle", "done", { position: "p1" }));
  expect(shown).toEqual(["hides Cities done", "toggle running", "hides Cities done"]);
});

test("a call that changed nothing ends, and one that nobody waits for goes", () => {
  frame(call("add", "running"));
  frame(call("add", "done"));
  expect(shown).toEqual(["add running", "add done"]);
  frame(call("slow", "running"));
  frame();
  expect(last()).toBe(null);
});

test("a refused call says so; reading shows where no change is told", () => {
  frame(call("add", "refused"), call("look", "done", { reads: true }));
  expect(shown).toEqual(["add refused"]);
  vi.advanceTimersByTime(FOLD_MS);
  frame(call("look again", "done", { reads: true }));
  expect(last()).toBe("look again done");
  moments.event(moment("adds Cities"), "p1");
  expect(last()).toBe("adds Cities done");
});

test("what ended before anybody looked, or while the line was broken, is no news", () => {
  moments.begin();
  frame(call("old", "refused"), call("running", "running"));
  frame(call("old", "refused"), call("running", "running"), call("new", "refused"));
  expect(shown).toEqual(["running running", "new refused"]);
});
