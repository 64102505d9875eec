// A layer that is removed by hand: hidden here at once, asked for later, and never where it was undone or is another.

import { beforeEach, expect, test, vi } from "vitest";
import { Removals, UNDO_MS } from "../src/removals.ts";

const layer = (id: string): any => ({ id, title: id.toUpperCase(), visible: true });
const [A, B] = [layer("a"), layer("b")];

let sent: [string, boolean][], offered: string[], changes: number, done: boolean, removals: Removals;
beforeEach(() => {
  vi.useFakeTimers();
  [sent, offered, changes, done] = [[], [], 0, true];
  removals = new Removals({
    send: async ({ id }, last) => (sent.push([id, last]), done),
    show: (layers) => (offered = layers.map(({ id }) => id)),
    changed: () => changes++,
  });
});

test("is hidden at once and removed six seconds later", async () => {
  removals.begin(A);
  expect([removals.isRemoved(A), offered, sent, changes]).toEqual([true, ["a"], [], 1]);
  const [one, other] = [removals.drawn([A, B]), removals.drawn([A, B])];
  expect(one).toEqual([{ ...A, visible: false }, B]);
  expect(one[0]).toBe(other[0]); // whoever looks for changes finds none
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect([sent, offered, removals.isRemoved(A)]).toEqual([[["a", false]], [], true]);
  removals.came([{ op: "remove_layer", id: "a" }]);
  expect(removals.isRemoved(A)).toBe(false);
});

test("comes back when it is undone, and not after it was sent", async () => {
  removals.begin(A);
  removals.undo("a");
  await vi.advanceTimersByTimeAsync(2 * UNDO_MS);
  expect([removals.isRemoved(A), sent, changes, removals.drawn([A])]).toEqual([false, [], 2, [A]]);
  removals.begin(A);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  removals.undo("a");
  expect(removals.isRemoved(A)).toBe(true);
});

test("is sent at once, and once, as the page is hidden and then closed", async () => {
  for (const one of [A, B]) removals.begin(one);
  removals.sendAll();
  removals.sendAll();
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(sent).toEqual([["a", true], ["b", true]]);
});

test("comes back when the server refuses, or had to take it back", async () => {
  done = false;
  removals.begin(A);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect([removals.isRemoved(A), changes]).toEqual([false, 2]);
  done = true;
  removals.begin(A);
  removals.snapshot([A]);
  expect(removals.isRemoved(A)).toBe(true); // a reconnect meanwhile says nothing of it
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  removals.snapshot([A]);
  expect(removals.isRemoved(A)).toBe(false);
});

test("is forgotten where somebody else removed it, or put another there", async () => {
  for (const end of [() => removals.came([{ op: "remove_layer", id: "a" }]), () => removals.came([{ op: "put_layer", layer: A }]), () => removals.snapshot([B])]) {
    removals.begin(A);
    end();
    expect([removals.isRemoved(A), offered]).toEqual([false, []]);
  }
  await vi.advanceTimersByTimeAsync(2 * UNDO_MS);
  expect(sent).toEqual([]);
});

test("is offered for the newest four; older ones are sent", async () => {
  for (const id of ["a", "b", "c", "d", "e"]) removals.begin(layer(id));
  expect([sent, offered]).toEqual([[["a", false]], ["b", "c", "d", "e"]]);
});
