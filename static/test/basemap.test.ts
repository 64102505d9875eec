import { expect, test } from "vitest";
import { cutPolygons } from "../scripts/antimeridian.mjs";

type Ring = [number, number][];

test("a polygon that stays on one side is left as it is", () => {
  const square: Ring = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]];
  expect(cutPolygons([[square]])).toEqual([[square]]);
});

test("a polygon over the antimeridian becomes one on each side", () => {
  const cut = cutPolygons([[[[170, 0], [-170, 0], [-170, 10], [170, 10], [170, 0]]]]);
  const spans = cut.map(([ring]) => [Math.min(...ring.map((p) => p[0])), Math.max(...ring.map((p) => p[0]))]);
  expect(spans).toEqual([[170, 180], [-180, -170]]);
});

test("a ring around the south pole reaches down to it, over the whole width", () => {
  const ring: Ring = [[-170, -70], [-60, -75], [60, -70], [170, -75], [-170, -70]];
  const points = cutPolygons([[ring]]).flat(2);
  expect(Math.min(...points.map((p) => p[1]))).toBe(-90);
  expect([Math.min(...points.map((p) => p[0])), Math.max(...points.map((p) => p[0]))]).toEqual([-180, 180]);
});
