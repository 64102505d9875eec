import { describe, expect, test } from "vitest";
import { applyEvent, applyOp, compareText, isKnownOp } from "../src/state/apply.ts";
import type { MapLayer, MapState, Op } from "../src/state/types.ts";

const layer = (id: string, rank: string, more: Partial<MapLayer> = {}): MapLayer => ({
  id, rank, title: id, type: "vector", visible: true, source: { type: "geojson", data: "data/x" }, style_layers: [{ id, type: "fill" }], ...more,
});
const state = (...layers: MapLayer[]): MapState => ({ title: "T", basemap: "none", camera: { center: [0, 0], zoom: 1 }, layers });
const after = (before: MapState, ...ops: Op[]): MapState => applyEvent(before, { ops });
const ids = (it: MapState): string[] => it.layers.map((one) => one.id);

test("title, basemap and camera are set", () => {
  const made = after(state(), { op: "set_title", title: "N" }, { op: "set_basemap", basemap: "natural-earth" },
    { op: "set_camera", camera: { bounds: [1, 2, 3, 4] } });
  expect(made).toEqual({ title: "N", basemap: "natural-earth", camera: { bounds: [1, 2, 3, 4] }, layers: [] });
});

describe("layers", () => {
  test("stand in the order of their ranks, bytewise, and then of their ids", () => {
    const made = after(state(), ...[["z", "a"], ["b", "Z"], ["c", "a0"], ["a", "a"]].map(([id, rank]): Op => ({ op: "put_layer", layer: layer(id, rank) })));
    expect(ids(made)).toEqual(["b", "a", "z", "c"]);
  });
  test("are replaced wholly by one with the same id", () => {
    const made = after(state(layer("a", "m", { filter: ["has", "x"] }), layer("b", "n")), { op: "put_layer", layer: layer("a", "z") });
    expect(ids(made)).toEqual(["b", "a"]);
    expect(made.layers[1]).not.toHaveProperty("filter");
  });
  test("that an op names and that are not there change nothing", () => {
    const before = state(layer("a", "m"));
    for (const op of [{ op: "remove_layer", id: "x" }, { op: "set_layer", id: "x", title: "N" },
      { op: "restyle", id: "x", style_layer: "x", minzoom: 1 }, { op: "update_features", id: "x", remove: [1] }] as Op[])
      expect(applyOp(before, op)).toEqual(before);
  });
  test("that did not change keep their identity", () => {
    const before = state(layer("a", "m"), layer("b", "n"));
    expect(applyOp(before, { op: "set_layer", id: "b", title: "N" }).layers[0]).toBe(before.layers[0]);
  });
  test("take what is present, and null removes filter and attribution", () => {
    const before = state(layer("a", "m", { filter: ["has", "x"], attribution: "me" }), layer("b", "n"));
    const made = after(before, { op: "set_layer", id: "a", rank: "z", visible: false, filter: null });
    expect(made.layers[1]).toEqual({ ...layer("a", "z"), visible: false, attribution: "me" });
  });
});

describe("restyle", () => {
  const one = (...ops: object[]): MapLayer =>
    after(state(layer("a", "m")), ...ops.map((op) => ({ op: "restyle", id: "a", style_layer: "a", ...op }) as Op)).layers[0];
  test("merges property by property", () => {
    expect(one({ paint: { "fill-color": "red" } }, { paint: { "fill-opacity": 0 }, minzoom: 0, visible: false }).restyled)
      .toEqual({ a: { paint: { "fill-color": "red", "fill-opacity": 0 }, minzoom: 0, visible: false } });
  });
  test("drops one override at null, all of a group at null, and what is empty then", () => {
    expect(one({ paint: { x: 1, y: 2 }, layout: { z: 1 } }, { paint: { x: null }, layout: null }).restyled).toEqual({ a: { paint: { y: 2 } } });
    expect(one({ paint: { x: 1 }, filter: ["has", "q"] }, { paint: { x: null }, filter: null })).not.toHaveProperty("restyled");
  });
});

describe("update_features", () => {
  const point = (id: number, properties: any = {}): any => ({ type: "Feature", id, geometry: null, properties });
  const before = state(layer("a", "m", { source: { type: "geojson", data: { type: "FeatureCollection", features: [point(1), point(2, { k: 1, l: 2 }), point(3)] } } }));
  const features = (it: MapState): any => (it.layers[0].source.data as any).features;
  test("removes, adds in place or at the end, then updates", () => {
    const made = after(before, { op: "update_features", id: "a", update: [{ id: 2, properties: { k: null, m: 3 } }, { id: 9, properties: { late: 1 } }, { id: 7, properties: {} }],
      add: [point(3, { again: 1 }), point(9)], remove: [1] });
    expect(features(made)).toEqual([point(2, { l: 2, m: 3 }), point(3, { again: 1 }), point(9, { late: 1 })]);
  });
  test("with data only points the source to it", () => {
    const made = after(before, { op: "update_features", id: "a", data: "data/y", remove: [1] });
    expect(made.layers[0].source).toEqual({ type: "geojson", data: "data/y" });
  });
});

test("unknown ops are told apart, even those that every object has", () => {
  expect(isKnownOp({ op: "set_title" })).toBe(true);
  expect(isKnownOp({ op: "set_legend" })).toBe(false);
  expect(isKnownOp({ op: "constructor" })).toBe(false);
});

test("texts compare by code point, not by UTF-16 unit", () => {
  expect(compareText("\u{10000}", "\uffff")).toBeGreaterThan(0);
  expect(compareText("a", "ab")).toBeLessThan(0);
  expect(compareText("a", "a")).toBe(0);
});
