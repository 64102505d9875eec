// What changed, where that is, and how often it is shown.

import { beforeEach, expect, test, vi } from "vitest";
import { featuresHere } from "../src/map/tiles.ts";
import { changesOf, MOST_FEATURES, type Change } from "../src/highlights/changes.ts";
import { apart, edgeOf } from "../src/highlights/edge.ts";
import { boundsOf, MOST_CORNERS, shapesOf } from "../src/highlights/shapes.ts";
import { MOST_LAYERS, REST_MS, SOON_MS, Pacing } from "../src/highlights/pacing.ts";
import { applyEvent } from "../src/state/apply.ts";
import type { Feature, MapLayer, MapState, Op } from "../src/state/types.ts";

const point = (lng: number, lat = 0) => ({ type: "Point", coordinates: [lng, lat] });
const feature = (id: string | number, lng: number): Feature => ({ type: "Feature", id, geometry: point(lng), properties: null });
const layer = (id: string, more: Partial<MapLayer> = {}): MapLayer =>
  ({ id, title: id, type: "vector", visible: true, rank: "a", source: { type: "geojson", data: "data/x" }, style_layers: [], ...more });
const inline = (...features: Feature[]) => ({ type: "geojson", data: { type: "FeatureCollection", features: features as any } });
const state = (...layers: MapLayer[]): MapState => ({ title: "", basemap: "", camera: { center: [0, 0] }, layers });

function told(before: MapState, ops: Op[], here: Feature[] = []): [string, unknown][] {
  const found = changesOf({ ops }, before, applyEvent(before, { ops }), (_, ids) => here.filter((one) => ids.includes(one.id!)));
  return found.map(({ layer, features }) => [layer.id, features === "whole" ? features : Object.fromEntries(features)]);
}

test("what has a place on the map is a change, once a layer", () => {
  const before = state(layer("a"), layer("b"), layer("hidden", { visible: false }));
  expect(told(before, [
    { op: "set_title", title: "x" },
    { op: "set_camera", camera: { center: [1, 1] } },
    { op: "set_layer", id: "a", title: "other" },
    { op: "restyle", id: "hidden", style_layer: "s", paint: {} },
    { op: "restyle", id: "never", style_layer: "s", paint: {} },
  ])).toEqual([]);
  expect(told(before, [
    { op: "restyle", id: "a", style_layer: "s", paint: { "fill-color": "red" } },
    { op: "set_layer", id: "a", visible: false },
    { op: "put_layer", layer: layer("c") },
    { op: "remove_layer", id: "b" },
  ])).toEqual([["a", "whole"], ["c", "whole"], ["b", "whole"]]);
});

test("features are known by what the op says, by the layer's own data, or by what the map has", () => {
  const before = state(layer("own", { source: inline(feature(1, 10), feature(2, 20)) }), layer("far"));
  const ops: Op[] = [{ op: "update_features", id: "own", add: [feature(3, 30)], update: [{ id: 1, properties: {} }], remove: [2] }];
  expect(told(before, ops)).toEqual([["own", { 1: point(10), 2: point(20), 3: point(30) }]]);
  const far: Op = { op: "update_features", id: "far", update: [{ id: 7, geometry: point(1) }, { id: 8, properties: {} }] };
  expect(told(before, [far], [feature(8, 80), feature(9, 90)])).toEqual([["far", { 7: point(1), 8: point(80) }]]);
  expect(told(before, [{ op: "update_features", id: "far", update: [{ id: 8 }] }])).toEqual([["far", "whole"]]);
  expect(told(before, [{ op: "update_features", id: "far", data: "data/y" }])).toEqual([["far", "whole"]]);
  const many = Array.from({ length: MOST_FEATURES + 1 }, (_, n) => feature(n, 0));
  expect(told(before, [{ op: "update_features", id: "far", add: many }])).toEqual([["far", "whole"]]);
  const two: Op[] = [many.slice(0, 60), many.slice(50)].map((add) => ({ op: "update_features", id: "far", add }));
  expect(told(before, two)).toEqual([["far", "whole"]]);
});

test("features are found in what MapLibre holds, by the promoted property or by id", () => {
  const source = (more: object) => ({ getSource: () => more, isSourceLoaded: () => true });
  const named = { type: "Feature", geometry: point(5), properties: { "mapsrv:id": "x" } };
  const geojson = { features: [named, { ...named, properties: null }, feature("x", 6)] };
  expect(featuresHere(source({ _data: { geojson }, promoteId: "mapsrv:id" }), "a", ["x"])).toEqual([{ ...named, id: "x" }]);
  expect(featuresHere(source({ _data: { geojson } }), "a", ["x", "y"])).toEqual([feature("x", 6)]);
  const updateable = new Map([[7, feature(7, 1)]]);
  expect(featuresHere(source({ _data: { updateable } }), "a", [7, 8])).toEqual([feature(7, 1)]);
  expect(featuresHere(source({}), "a", [7])).toEqual([]);
});

test("outlines have all parts of all kinds, and nothing that is no coordinate", () => {
  const line = [[0, 0], [1, 2]], ring = [[0, 0], [4, 0], [4, -3], [0, 0]];
  const all = shapesOf([
    point(9, 9), { type: "MultiPoint", coordinates: line }, { type: "LineString", coordinates: line },
    { type: "MultiLineString", coordinates: [line] }, { type: "Polygon", coordinates: [ring, ring] },
    { type: "MultiPolygon", coordinates: [[ring], [ring]] },
    { type: "GeometryCollection", geometries: [point(-1)] },
    { type: "Point", coordinates: ["x", 1] }, { type: "Sphere" }, { type: "Point" }, { type: "toString", coordinates: [] },
  ] as any)!;
  expect(all.map(({ corners, closed }) => `${corners.length}${closed ? "c" : ""}`)).toEqual(["1", "1", "1", "2", "2", "4c", "4c", "4c", "4c", "1"]);
  expect(boundsOf(all)).toEqual([-1, -3, 9, 9]);
  expect(boundsOf([])).toBe(null);
});

test("what has too many corners has no outlines", () => {
  const long = { type: "LineString", coordinates: Array.from({ length: MOST_CORNERS }, (_, n) => [n / 100, 0]) } as any;
  expect(shapesOf([long])!.length).toBe(1);
  expect(shapesOf([long, point(0)])).toBe(null);
});

let shown: string[][], waiting: Pacing;
const change = (id: string, features: Change["features"] = "whole"): Change => ({ layer: layer(id), features });
const sizes = (changes: Change[]) => changes.map(({ layer, features }) => `${layer.id}${features === "whole" ? "" : features.size}`);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  shown = [];
  waiting = new Pacing({ now: Date.now, after: (ms, run) => setTimeout(run, ms), cancel: clearTimeout }, (changes) => shown.push(sizes(changes)));
});

test("a burst is shown once, and a layer not again before it is done", () => {
  const one = (id: number) => new Map([[id, point(id)]]);
  for (let n = 0; n < 20; n++) waiting.add([change("a", one(n))]);
  vi.advanceTimersByTime(SOON_MS);
  expect(shown).toEqual([["a20"]]);
  waiting.add([change("a", one(50))]);
  vi.advanceTimersByTime(SOON_MS);
  waiting.add([change("b"), change("a", one(51))]);
  vi.advanceTimersByTime(SOON_MS);
  expect(shown.slice(1)).toEqual([["b"]]);
  vi.advanceTimersByTime(REST_MS);
  expect(shown.slice(2)).toEqual([["a2"]]);
  vi.advanceTimersByTime(10 * REST_MS);
  expect([shown.flat().length, vi.getTimerCount()]).toEqual([3, 0]);
});

test("twenty changes a second are shown every other second, and of many layers the newest", () => {
  for (let n = 0; n < 200; n++) {
    waiting.add([change("a")]);
    vi.advanceTimersByTime(50);
  }
  expect(shown.length).toBeGreaterThan(3);
  expect(shown.length).toBeLessThan(7);
  shown = [];
  vi.advanceTimersByTime(10 * REST_MS);
  shown = [];
  waiting.add(Array.from({ length: MOST_LAYERS + 8 }, (_, n) => change(`l${n}`)));
  vi.advanceTimersByTime(SOON_MS);
  expect([shown[0]!.length, shown[0]![0], shown[0]!.at(-1)]).toEqual([MOST_LAYERS, "l8", `l${MOST_LAYERS + 7}`]);
});

test("an arrow stands where the way there leaves the view, and covers no other", () => {
  const box = { left: 300, top: 0, right: 900, bottom: 600 };
  expect(edgeOf(box, [5_000, 300], [90, 20])).toEqual({ x: 810, y: 300, turn: 0 });
  expect(edgeOf(box, [600, -900], [90, 20])).toEqual({ x: 600, y: 20, turn: -90 });
  const corner = edgeOf(box, [5_000, 5_000], [90, 20]);
  expect(corner.x).toBeLessThanOrEqual(810);
  expect(corner.y).toBeLessThanOrEqual(580);
  const same = [1, 2, 3].map(() => edgeOf(box, [600, 9_000], [90, 20]));
  const ys = apart(same, box, 180, 44).map(({ y }) => y);
  expect(ys).toEqual([580, 536, 492]);
});
