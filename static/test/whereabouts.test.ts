// Where a view went: asked for once, remembered, and asked again where nobody answered.

import { expect, test } from "vitest";
import { Whereabouts } from "../src/watching/whereabouts.ts";

const BERN: any = { center: [7.5, 47] };

test("a place is asked for once, and known then", async () => {
  const asked: [number, number][] = [];
  const whereabouts = new Whereabouts(async (point) => (asked.push(point), "3 km N of Bern, Switzerland"));
  expect(whereabouts.said(BERN)).toBe(undefined);
  expect(await Promise.all([whereabouts.of(BERN), whereabouts.of({ ...BERN, zoom: 9 })])).toEqual(Array(2).fill("Bern, Switzerland"));
  expect(whereabouts.said(BERN)).toBe("Bern, Switzerland");
  expect(asked).toEqual([BERN.center]);
});

test("what nobody answered is asked again", async () => {
  const answers = [null, "Bern, Switzerland"];
  const whereabouts = new Whereabouts(async () => answers.shift()!);
  expect([await whereabouts.of(BERN), await whereabouts.of(BERN)]).toEqual([undefined, "Bern, Switzerland"]);
});

test("the oldest of very many are forgotten", async () => {
  const whereabouts = new Whereabouts(async () => "Bern, Switzerland");
  for (let lng = 0; lng <= 60; lng += 0.1) await whereabouts.of({ center: [lng, 0] });
  expect([whereabouts.said({ center: [0, 0] }), whereabouts.said({ center: [50, 0] })]).toEqual([undefined, "Bern, Switzerland"]);
});
