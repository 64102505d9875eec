// Paints and their legends, by the vectors; and the words for filters, for who added a layer, and for its zooms.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { addedBy, filtersTold, isRestyled, zoomHint } from "../src/legend/about.ts";
import { faded, isColor } from "../src/legend/colors.ts";
import { legendOf, turnsWithZoom } from "../src/legend/legend.ts";
import { shortNumbers } from "../src/legend/numbers.ts";
import { opacityOf } from "../src/legend/opacity.ts";
import { condition } from "../src/legend/words.ts";
import { styleLayersOf } from "../src/state/style.ts";
import type { Json } from "../src/state/types.ts";

const CASES: any[] = JSON.parse(readFileSync(new URL("../../tests/vectors/legends.json", import.meta.url), "utf8"));

const layer = (own: object = {}): any => ({ id: "a", title: "A", type: "vector", visible: true, rank: "a", source: { type: "geojson" }, style_layers: [], ...own });
const circles = (paint: object, more: object = {}): any => ({ id: "a", type: "circle", paint, ...more });

describe("the legend of", () => {
  test.each(CASES.map((one) => [one.name, one]))("%s", (_, one) => {
    const own = layer(one.layer);
    expect(legendOf(own, styleLayersOf(own), one.where)).toEqual(one.legend);
  });
});

describe("a legend", () => {
  test("never throws, whatever an expression is", () => {
    const odd: Json[] = [[], [[]], ["step"], ["step", ["get", "a"]], ["match", ["get", "a"]], ["case"], ["case", true], ["interpolate"], ["get"], {}, null, true, ["in"], ["!", 1]];
    odd.push(["match", ["get", "a"], ["b"], "red"], ["interpolate", ["linear"], ["get", "a"], 2, "red", 1, "blue"], ["let", "x", 1, ["var", "x"]]);
    let deep: Json = ["get", "a"];
    for (let i = 0; i < 500; i++) deep = ["case", ["==", deep, 1], "red", "blue"];
    for (const value of [...odd, deep]) {
      const own = layer({ style_layers: [circles({ "circle-color": value, "circle-radius": value })], filter: value });
      expect(() => [legendOf(own, styleLayersOf(own), { zoom: 3 }), filtersTold(own)]).not.toThrow();
    }
  });
  test("is made again at another zoom only where the zoom is in it", () => {
    expect(turnsWithZoom([circles({ "circle-radius": ["step", ["zoom"], 1, 4, 2] })])).toBe(true);
    expect(turnsWithZoom([circles({ "circle-radius": ["step", ["get", "zoom"], 1, 4, 2] })])).toBe(false);
  });
  test("of a layer whose style layers are all hidden is empty", () => {
    const own = layer({ style_layers: [circles({ "circle-color": "red" })], restyled: { a: { visible: false } } });
    expect(legendOf(own, styleLayersOf(own), { zoom: 3 })).toEqual({ swatch: null, parts: [] });
  });
});

test("only colours go where the page's own styles want one", () => {
  const colors = ["#abc", "red", "rgba(1, 2, 3, .5)", "hsl(120 50% 50% / 20%)", faded("hsl(0, 0%, 0%)", 0.5)];
  expect(colors.map(isColor)).toEqual(colors.map(() => true));
  const others = ["url(x)", "red), url(https://example.org", "image-set('x')", "red;background:url(x)", "var(--x)", "", 5, null, `#${"a".repeat(500)}`];
  expect(others.map(isColor)).toEqual(others.map(() => false));
});

test("numbers are short, and as long as they have to be to differ", () => {
  expect(shortNumbers([0, 1_500, 25_000, 3_200_000], "en")).toEqual(["0", "1500", "25K", "3.2M"]);
  expect(shortNumbers([1_000_100, 1_000_200], "en")).toEqual(["1,000,100", "1,000,200"]);
  expect(shortNumbers([0.125, 12.5, -7], "de")).toEqual(["0,125", "12,5", "-7"]);
});

const GET = ["get", "pop"];
const FILTERS: [Json, string | null][] = [
  [[">=", GET, 1_000_000], "pop ≥ 1,000,000"],
  [["<", 5, GET], "pop > 5"],
  [["==", ["get", "kind"], "lake"], "kind = lake"],
  [["!=", ["to-number", GET], 3], "pop ≠ 3"],
  [["all", [">=", GET, 10], ["<", GET, 20]], "pop ≥ 10 and pop < 20"],
  [["any", ["all", ["has", "a"], ["has", "b"]], ["get", "c"]], "(has a and has b) or c"],
  [["!", ["has", "name"]], "no name"],
  [["==", ["get", "name"], null], "no name"],
  [["!=", ["typeof", ["get", "name"]], "null"], "has name"],
  [["!", [">", GET, 3]], "pop ≤ 3"],
  [["!", ["get", "capital"]], "not capital"],
  [["==", ["get", "capital"], false], "not capital"],
  [["in", ["get", "kind"], ["literal", ["a", "b", "c"]]], "kind is a, b or c"],
  [["in", ["get", "kind"], ["literal", ["a"]]], "kind = a"],
  [["in", ["get", "n"], ["literal", [1, 2, 3, 4, 5, 6, 7]]], "n is 1, 2, 3, 4, 5 or 2 more"],
  [["!", ["in", ["get", "kind"], ["literal", ["a", "b"]]]], "kind is not a or b"],
  [["in", "burg", ["get", "name"]], "name contains burg"],
  [["match", ["get", "kind"], ["a", "b"], true, false], "kind is a or b"],
  [["match", ["get", "kind"], "a", false, true], "kind ≠ a"],
  [["==", ["geometry-type"], "Point"], "geometry = Point"],
  [[">", ["/", GET, ["get", "area"]], 100], "pop / area > 100"],
  [["==", "kind", "lake"], "kind = lake"],
  [["in", "kind", "lake", "sea"], "kind is lake or sea"],
  [["!in", "kind", "lake", "sea"], "kind is not lake or sea"],
  [["within", { type: "Polygon" } as any], "inside an area"],
  [["case", ["has", "a"], true, false], null],
  [["all"], null],
];

test.each(FILTERS)("the filter %j in words", (filter, words) => expect(condition(filter, "en")).toBe(words));

describe("a layer's row tells", () => {
  test("its filters, whose they are, and one without words too", () => {
    const own = layer({ filter: [">=", GET, 10_000], restyled: { s: { filter: ["case", true, true, false] }, t: { paint: { "circle-color": "red" } } } });
    expect(filtersTold(own, "de")).toEqual([
      { target: "a", words: "pop ≥ 10.000" },
      { target: "s", words: "filtered by an expression" },
    ]);
    expect(filtersTold(layer({ filter: ["==", ["get", "a"], "x".repeat(500)] }))[0]!.words).toHaveLength(162);
  });
  test("that it is restyled where that is more than a filter", () => {
    const restyled = (laid: object): boolean => isRestyled(layer({ restyled: { a: laid } }));
    expect([restyled({ paint: {} }), restyled({ minzoom: 3 }), restyled({ filter: true }), restyled({ visible: false }), isRestyled(layer())]).toEqual([true, true, false, false, false]);
  });
  test("who added it, today by the time, else by the day", () => {
    const now = new Date(2026, 10, 23, 15, 0);
    const added = (at: Date | string, name = "Claude", kind = "model"): string =>
      addedBy(layer({ added: { kind, name, at: typeof at === "string" ? at : at.toISOString() } }), now, "en-GB");
    expect(added(new Date(2026, 10, 23, 14, 32))).toBe("Claude, 14:32");
    expect(added(new Date(2026, 10, 21, 14, 32), "", "person")).toBe("somebody, 21 Nov");
    expect(added(new Date(2025, 10, 21, 14, 32), "", "model")).toBe("an assistant, 21 Nov 2025");
    expect([added("?"), addedBy(layer(), now)]).toEqual(["Claude", ""]);
  });
  test("what to do where its zooms are others", () => {
    const at = (zoom: number, ...ranges: object[]): string => zoomHint(layer(), ranges.map((range) => circles({}, range)), zoom);
    expect([at(3, { minzoom: 5 }), at(5, { minzoom: 5 }), at(9, { maxzoom: 9 }), at(9, { maxzoom: 9 }, {}), at(3)]).toEqual(["Zoom in to see", "", "Zoom out to see", "", ""]);
    expect(zoomHint(layer({ source: { type: "vector", minzoom: 6 } }), [circles({})], 4)).toBe("Zoom in to see");
  });
  test("how opaque it is, where that is one number", () => {
    const of = (paint: object, type = "circle"): number | null => opacityOf(layer({ style_layers: [{ id: "a", type, paint }] }));
    expect([of({}), of({ "circle-opacity": 0.5 }), of({ "circle-opacity": ["get", "x"] }), of({ "text-opacity": 0.2 }, "symbol")]).toEqual([1, 0.5, null, 0.2]);
  });
});
