// What a move is: short or far, and whose, in words.

import { expect, test } from "vitest";
import { isShort } from "../src/map/short.ts";
import { givenName } from "../src/people/names.ts";
import { centerOf, movedWords, whereOf } from "../src/map/whose.ts";

const AT = { center: [0, 0] as [number, number], zoom: 4, bearing: 0, pitch: 0 };
const PIXEL = 360 / (512 * 2 ** 4); // degrees of longitude at that zoom

test.each([
  ["7 pixels", { ...AT, center: [7 * PIXEL, 0] }, true],
  ["no move", AT, true],
  ["a turn without a centre", { bearing: 20 }, true],
  ["half of the map's shorter side", { center: { lng: 300 * PIXEL, lat: 0 } }, true],
  ["more", { center: [301 * PIXEL, 0] }, false],
  ["a zoom", { ...AT, zoom: 5 }, false],
  ["half around", { ...AT, bearing: 180 }, false],
  ["up", { ...AT, pitch: 60 }, false],
])("%s", (_, to, short) => expect(isShort(AT, to, 600)).toBe(short));

test("a move over the antimeridian is as short as it looks", () => {
  expect(isShort({ ...AT, center: [179.9, 0] }, { center: [-179.9, 0] }, 600)).toBe(true);
  expect(isShort({ ...AT, bearing: 175 }, { bearing: -175 }, 600)).toBe(true);
});

test("it is said who looks where", () => {
  const [claude, nameless] = [{ kind: "model", id: "m", name: "Claude" }, { kind: "person", id: "p", name: "" }] as const;
  expect(movedWords(claude, "Bern, Switzerland")).toBe("Claude looks at Bern, Switzerland");
  expect(movedWords({ ...claude, name: " " }, "x")).toBe("An assistant looks at x");
  expect(movedWords(nameless, "x")).toBe(`${givenName("p")} looks at x`);
  expect(movedWords(undefined, "x")).toBe("The shared view is at x");
});

test("where is the layer that came with it, a place that is near, or degrees", () => {
  const camera = { center: [-7.44, 46.95] as [number, number] };
  expect(whereOf(camera, { id: "a", title: "Cities" } as any, "Bern")).toBe("Cities");
  expect(whereOf(camera, undefined, "3.5 km NW of Bern, Switzerland")).toBe("Bern, Switzerland");
  expect(whereOf(camera, undefined, "far from any place known (over 1,000 km)")).toBe("47.0°\u00a0N, 7.4°\u00a0W");
  expect(whereOf({ bounds: [170, -20, -170, 0] }, undefined, null)).toBe("10.0°\u00a0S, 180.0°\u00a0W");
  expect(centerOf({ center: [190, 5] })).toEqual([-170, 5]);
});
