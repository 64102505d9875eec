// What a page that is asked by name answers, and when.

import { beforeEach, expect, test, vi } from "vitest";
import { Answers } from "../src/asked.ts";
import { MOST_BYTES, small } from "../src/map/picture.ts";

let pictures: string[], loading: Set<string>, told: string[][], frames: (() => void)[], looks: number, hidden: boolean, answers: Answers;

beforeEach(() => {
  vi.useFakeTimers();
  [pictures, loading, told, frames, looks, hidden] = [[], new Set(), [], [], 0, false];
  answers = new Answers({
    settled: (layers) => layers.every((id) => !loading.has(id)),
    look: () => void (looks += 1),
    hidden: () => hidden,
    frame: (run) => frames.push(run),
    tell: (tokens) => told.push(tokens),
    read: async (source) => void pictures.push(`read ${source.url}`),
    picture: async (token, by) => void pictures.push(`${token} ${by}`),
  });
  answers.pass("e.1");
});

const frame = async (): Promise<void> => {
  for (const run of frames.splice(0)) run();
  await vi.advanceTimersByTimeAsync(0);
};

test("where nothing loads it answers at the next frame", async () => {
  void answers.answer({ ask: "a", position: "e.1", wait: ["roads"], ms: 2_000 });
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([]);
  await frame();
  expect([told, looks]).toEqual([[["a"]], 1]);
});

test("it waits for the layers that it is asked of, and no longer than it may", async () => {
  loading = new Set(["roads", "slow"]);
  void answers.answer({ ask: "a", position: "e.1", wait: ["roads"], ms: 2_000 });
  await frame();
  await vi.advanceTimersByTimeAsync(500);
  expect(told).toEqual([]);
  loading.delete("roads");
  await vi.advanceTimersByTimeAsync(25);
  expect(told).toEqual([["a"]]);
  void answers.answer({ ask: "b", position: "e.1", wait: ["slow"], ms: 2_000 });
  await frame();
  await vi.advanceTimersByTimeAsync(1_900);
  expect(told).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(150);
  expect(told[1]).toEqual(["a", "b"]);
});

test("what it has not applied yet it waits for", async () => {
  void answers.answer({ ask: "a", position: "e.2", wait: [], ms: 2_000 });
  await vi.advanceTimersByTimeAsync(100);
  expect(frames).toEqual([]);
  answers.pass("e.2");
  await vi.advanceTimersByTimeAsync(25);
  await frame();
  expect(told).toEqual([["a"]]);
});

test("a hidden tab draws no frame, nor does one that stands still for long", async () => {
  hidden = true;
  void answers.answer({ ask: "a", position: "e.1", wait: [], ms: 2_000 });
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([["a"]]);
  hidden = false;
  void answers.answer({ ask: "b", position: "e.1", wait: [], ms: 2_000 });
  await vi.advanceTimersByTimeAsync(200);
  expect(told).toHaveLength(2);
});

test("the last answers are told again, as a request may be lost", async () => {
  hidden = true;
  for (let n = 0; n < 20; n++) await answers.answer({ ask: `${n}`, position: "e.1", wait: [], ms: 0 });
  expect(told.at(-1)).toEqual(Array.from({ length: 16 }, (_, n) => `${n + 4}`));
});

test("a picture is sent before it is told, and none of what nobody sees", async () => {
  void answers.answer({ ask: "a", position: "e.1", wait: [], ms: 2_000, picture: "Claude" });
  await vi.advanceTimersByTimeAsync(0);
  await frame();
  expect([pictures, told]).toEqual([["a Claude"], [["a"]]]);
  hidden = true;
  await answers.answer({ ask: "b", position: "e.1", wait: [], ms: 0, picture: "Claude" });
  expect([pictures.length, told.length]).toEqual([1, 2]);
});

test("a picture that is too large is taken smaller", async () => {
  const sides: number[] = [];
  const take = async (side: number): Promise<Blob> => {
    sides.push(side);
    return { size: side * side } as Blob;
  };
  const picture = await small(take);
  expect(picture!.size).toBeLessThanOrEqual(MOST_BYTES);
  expect(sides[0]).toBeGreaterThan(sides[1]!);
  expect(await small(async () => ({ size: MOST_BYTES + 1 }) as Blob)).toBeNull();
  expect(await small(async () => null)).toBeNull();
});
