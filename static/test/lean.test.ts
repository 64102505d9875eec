import { expect, test } from "vitest";
import { lean } from "../src/map/lean.ts";
import type { JsonObject, StyleDocument } from "../src/state/types.ts";

const data = "https://example.org/data/points";
const drawn = (source: JsonObject, ...types: string[]): StyleDocument => ({
  version: 8,
  name: "",
  sources: { points: source },
  layers: types.map((type, at) => ({ id: `${type}-${at}`, type, source: "points" })),
});
const sourceOf = (source: JsonObject, ...types: string[]) => lean(drawn(source, ...types)).sources.points;

test.each([["circle"], ["heatmap"], ["circle", "heatmap"]])("what is drawn by %s alone needs nothing of the next tiles", (...types) => {
  expect(sourceOf({ type: "geojson", data }, ...types)).toEqual({ type: "geojson", data, buffer: 1 });
});

test.each(["line", "fill", "symbol", "fill-extrusion"])("what is drawn by a %s too keeps it", (type) => {
  const source = { type: "geojson", data };
  expect(sourceOf(source, "circle", type)).toBe(source);
});

test.each<[string, JsonObject]>([
  ["says how far its tiles reach", { type: "geojson", data, buffer: 64 }],
  ["is clustered", { type: "geojson", data, cluster: true }],
  ["is of tiles already", { type: "vector", url: data }],
])("a source that %s stays as it is", (_, source) => {
  expect(sourceOf(source, "circle")).toBe(source);
});
