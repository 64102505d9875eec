import { expect, test } from "vitest";
import { toStyle } from "../src/state/style.ts";
import type { MapLayer, MapState, StyleLayer } from "../src/state/types.ts";

const BASE = "https://maps.example/pre";
const layer = (more: Partial<MapLayer>): MapLayer => ({
  id: "a", rank: "m", title: "A", type: "vector", visible: true, source: { type: "geojson", data: "data/x" }, style_layers: [{ id: "a", type: "fill" }], ...more,
});
const state = (layers: MapLayer[], more: Partial<MapState> = {}): MapState => ({ title: "T", basemap: "none", camera: { center: [1, 2], zoom: 0 }, layers, ...more });
const styled = (own: Partial<StyleLayer>, more: Partial<MapLayer> = {}): StyleLayer =>
  toStyle(state([layer({ style_layers: [{ id: "a", type: "fill", ...own }], ...more })]), BASE).layers[1];

test("a centred camera is in the style, one of bounds is not", () => {
  expect(toStyle(state([]), BASE)).toMatchObject({ version: 8, name: "T", center: [1, 2], zoom: 0 });
  const fitted = toStyle(state([], { camera: { bounds: [1, 2, 3, 4], bearing: 5 } }), BASE);
  expect(Object.keys(fitted)).toEqual(["version", "name", "sources", "layers"]);
});

test("layers lie between the basemap and its labels", () => {
  const ids = toStyle(state([layer({})], { basemap: "natural-earth" }), BASE).layers.map((one) => one.id);
  expect(ids[0]).toBe("mapsrv:background");
  expect(ids.indexOf("a")).toBeLessThan(ids.indexOf("mapsrv:country-labels")); // it is an area
  expect(ids.indexOf("a")).toBeGreaterThan(ids.indexOf("mapsrv:borders"));
});

test("our own paths become absolute, others stay", () => {
  const { sources } = toStyle(state([layer({ attribution: "me" }), layer({ id: "b", source: { type: "vector", tiles: ["https://t/{z}", "data/t"] } })], { basemap: "natural-earth" }), BASE);
  expect(sources.a).toEqual({ type: "geojson", data: `${BASE}/data/x`, attribution: "me" });
  expect(sources.b.tiles).toEqual(["https://t/{z}", `${BASE}/data/t`]);
  expect(sources["mapsrv:ground"].tiles).toEqual([`${BASE}/basemap/0/{z}/{x}/{y}.pbf`]);
});

test("overrides lie over what was added", () => {
  const restyled = { a: { paint: { "fill-color": "red" }, layout: { "fill-sort-key": 1 }, minzoom: 0 } };
  expect(styled({ paint: { "fill-color": "blue", "fill-opacity": 1 }, minzoom: 3, maxzoom: 9, "source-layer": "s" }, { restyled })).toEqual({
    id: "a", type: "fill", source: "a", "source-layer": "s", minzoom: 0, maxzoom: 9,
    paint: { "fill-color": "red", "fill-opacity": 1 }, layout: { "fill-sort-key": 1 },
  });
});

test("the filters of all three are joined, one alone stays as it is", () => {
  expect(styled({ filter: ["has", "x"] }).filter).toEqual(["has", "x"]);
  expect(styled({ filter: ["has", "x"] }, { filter: ["has", "z"], restyled: { a: { filter: ["has", "y"] } } }).filter)
    .toEqual(["all", ["has", "x"], ["has", "y"], ["has", "z"]]);
  expect(styled({})).not.toHaveProperty("filter");
});

test("visibility: the layer's own must be on, and the override beats the style's", () => {
  const hidden = { visibility: "none" };
  expect(styled({ layout: hidden }).layout).toEqual(hidden);
  expect(styled({ layout: hidden }, { restyled: { a: { visible: true } } })).not.toHaveProperty("layout");
  expect(styled({ layout: { visibility: "visible" } })).not.toHaveProperty("layout");
  expect(styled({}, { restyled: { a: { visible: false } } }).layout).toEqual(hidden);
  expect(styled({}, { visible: false, restyled: { a: { visible: true } } }).layout).toEqual(hidden);
});

test("a layer that did not change keeps its style layers' identity", () => {
  const one = layer({});
  expect(toStyle(state([one]), BASE).layers[1]).toBe(toStyle(state([one], { title: "N" }), BASE).layers[1]);
});
