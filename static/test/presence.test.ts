// What a page tells of its person: latest values, once, and again where they did not arrive.

import { beforeEach, expect, test, vi } from "vitest";
import { AGAIN_MS, Presence, TICK_MS } from "../src/wire/presence.ts";

let told: object[], sent: [object, boolean][], arrives: boolean, presence: Presence;
const ALL = AGAIN_MS.reduce((sum, wait) => sum + wait, 0);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  [told, sent, arrives] = [[], [], true];
  presence = new Presence(async (values, last) => {
    told.push(values);
    sent.push([values, last]);
    return arrives;
  });
});

test("is told at most twice a second, only what changed, the newest only", () => {
  presence.set({ visible: true });
  vi.advanceTimersByTime(0);
  for (let zoom = 1; zoom < 5; zoom++) presence.set({ viewport: { zoom } });
  vi.advanceTimersByTime(499);
  expect(sent.length).toBe(1);
  vi.advanceTimersByTime(1);
  presence.set({ viewport: { zoom: 4 } });
  vi.advanceTimersByTime(5_000);
  expect(sent).toEqual([[{ visible: true }, false], [{ visible: true, viewport: { zoom: 4 } }, false]]);
});
test("is told again on focus and after a reconnect, and never after gone", () => {
  presence.set({ visible: true, pointing: null });
  presence.flush();
  presence.focused();
  vi.advanceTimersByTime(500);
  presence.renew();
  vi.advanceTimersByTime(500);
  presence.gone();
  presence.set({ visible: false });
  presence.flush();
  vi.advanceTimersByTime(5_000);
  const all = { visible: true, pointing: null };
  expect(sent).toEqual([[all, false], [{ visible: true }, false], [all, false], [{ gone: true }, true]]);
  presence.back();
  vi.advanceTimersByTime(500);
  expect(sent.at(-1)).toEqual([{ visible: false, pointing: null }, false]);
});

test("what arrived is not told again, and what changed is told once a tick", async () => {
  presence.set({ name: "Ana" });
  await vi.advanceTimersByTimeAsync(TICK_MS);
  presence.set({ name: "Bell" });
  presence.set({ name: "Cleo" });
  await vi.advanceTimersByTimeAsync(10 * ALL);
  expect(told).toEqual([
    { visible: true, name: "Ana" },
    { visible: true, name: "Cleo" },
  ]);
});

test("what did not arrive is told again, with what is new by then", async () => {
  arrives = false;
  presence.set({ name: "Ana", viewport: { zoom: 1 } });
  await vi.advanceTimersByTimeAsync(0);
  arrives = true;
  presence.set({ viewport: { zoom: 2 } });
  await vi.advanceTimersByTimeAsync(AGAIN_MS[0]!);
  expect(told.at(-1)).toEqual({ visible: true, name: "Ana", viewport: { zoom: 2 } });
  const count = told.length;
  await vi.advanceTimersByTimeAsync(10 * ALL);
  expect(told.length).toBe(count);
});

test("what never arrives is told a few times, and then with the next news or a new stream", async () => {
  arrives = false;
  presence.set({ name: "Ana" });
  await vi.advanceTimersByTimeAsync(10 * ALL);
  expect(told.length).toBe(1 + AGAIN_MS.length);
  arrives = true;
  presence.renew();
  await vi.advanceTimersByTimeAsync(TICK_MS);
  expect(told.at(-1)).toEqual({ visible: true, name: "Ana" });
  expect(told.length).toBe(2 + AGAIN_MS.length);
});

test("after its last word nothing is told again", async () => {
  arrives = false;
  presence.set({ name: "Ana" });
  await vi.advanceTimersByTimeAsync(0);
  presence.gone();
  await vi.advanceTimersByTimeAsync(10 * ALL);
  expect(told).toEqual([{ visible: true, name: "Ana" }, { gone: true }]);
});

test("where the page is goes along with what it draws, and is not told by itself", () => {
  const drawn = (applied: string, problems: any[] = []): any => ({ applied, loading: [], problems, answers: [] });
  const told = (): any[] => sent.splice(0).map(([values]) => values);
  presence.set({ visible: true, drawn: drawn("e.1") });
  vi.advanceTimersByTime(TICK_MS);
  expect(told()).toEqual([{ visible: true, drawn: drawn("e.1") }]);
  presence.set({ drawn: drawn("e.2") });
  vi.advanceTimersByTime(ALL);
  expect(told()).toEqual([]);
  const problems = [{ text: "404", count: 1, since: "e.2" }];
  presence.set({ drawn: drawn("e.3", problems) });
  vi.advanceTimersByTime(TICK_MS);
  presence.set({ drawn: drawn("e.4", problems) });
  presence.repeat("drawn"); // the server may have dropped it
  vi.advanceTimersByTime(TICK_MS);
  expect(told().map((one) => one.drawn)).toEqual([drawn("e.3", problems), drawn("e.4", problems)]);
});
