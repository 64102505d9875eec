// What is found out beside MapLibre's errors: who keeps pages out, what is missing, late, or fails as it is drawn.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPropertyExpression, latest } from "@maplibre/maplibre-gl-style-spec";
import type { Cause } from "../src/map/causes.ts";
import { Watch, type WatchedMap } from "../src/map/watch.ts";

class FakeMap implements WatchedMap {
  listeners = new Map<string, (event: any) => void>();
  sources: Record<string, any> = {};
  loaded = new Set<string>();
  tiles: any[] = [];
  features: any[] = [];
  inner: Record<string, any> = {};
  on(type: string, listener: (event: any) => void): void {
    this.listeners.set(type, listener);
  }
  tell(type: string, event: object = {}): void {
    this.listeners.get(type)!(event);
  }
  getSource = (id: string): any => this.sources[id];
  getLayer = (id: string): any => this.inner[id];
  getZoom = (): number => 4;
  isSourceLoaded = (id: string): boolean => this.loaded.has(id);
  querySourceFeatures = (): any[] => this.features;
  get style(): any {
    const manager = { _inViewTiles: { getAllTiles: () => this.tiles } };
    return { tileManagers: Object.fromEntries(Object.keys(this.sources).map((id) => [id, manager])), _layers: this.inner };
  }
}

const tile = (state: string, ...layers: string[]): any => ({
  state,
  tileID: { canonical: { url: () => "https://tiles.example/0/0/0" } },
  latestFeatureIndex: layers.length ? { rawTileData: 1, loadVTLayers: () => Object.fromEntries(layers.map((name) => [name, {}])) } : null,
});

let map: FakeMap, shown: any, said: [string | undefined, Cause][], cleared: string[], watch: Watch;

beforeEach(() => {
  vi.useFakeTimers();
  [map, said, cleared] = [new FakeMap(), [], []];
  shown = { sources: {}, layers: [] };
  watch = new Watch(map, {
    shown: () => shown,
    say: (id, cause) => said.push([id, cause]),
    clear: (id, kind) => cleared.push(`${id} ${kind}`),
  });
});

afterEach(() => vi.unstubAllGlobals());

function add(id: string, source: any, ...layers: any[]): void {
  shown = { sources: { ...shown.sources, [id]: source }, layers: [...shown.layers, ...layers.map((one) => ({ ...one, source: id }))] };
  map.sources[id] = source;
}

const texts = (): string[] => said.map(([id, { text }]) => `${id}: ${text}`);

test("a server that keeps pages out is told from one that is not there, and asked once", async () => {
  add("roads", { type: "geojson", data: "https://a.example/x.geojson" });
  const asked = vi.fn(async () => new Response());
  vi.stubGlobal("fetch", asked);
  watch.failed("roads", "AJAXError: Failed to fetch (0): https://a.example/x.geojson");
  expect(watch.settled(["roads"])).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(texts()[0]).toMatch(/^roads: https:\/\/a.example\/x.geojson answers, but.*CORS/);
  expect(asked.mock.calls).toMatchObject([["https://a.example/x.geojson", { mode: "no-cors", credentials: "omit" }]]);
  watch.fresh("roads");
  asked.mockRejectedValue(new TypeError("Failed to fetch"));
  watch.failed("roads", "AJAXError: Failed to fetch (0): https://a.example/x.geojson");
  watch.failed("roads", "AJAXError: Failed to fetch (0): https://a.example/x.geojson");
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveBeenCalledTimes(2);
  expect(texts().slice(1).every((text) => text.endsWith("cannot be reached."))).toBe(true);
});

test("of a layer that went meanwhile nothing is said", async () => {
  add("roads", { type: "geojson", data: "https://a.example/x.geojson" });
  vi.stubGlobal("fetch", async () => new Response());
  watch.failed("roads", "Failed to fetch");
  shown = { sources: {}, layers: [] };
  await vi.advanceTimersByTimeAsync(1);
  expect(said).toEqual([]);
});

test("an answer that is out is told after five seconds, and what came ends it", () => {
  add("roads", { type: "geojson", data: "https://a.example/x.geojson" });
  map.tell("dataloading", { sourceId: "roads" });
  map.tell("dataloading", { sourceId: "mapsrv:land" });
  map.tell("dataloading", {});
  expect(watch.loading()).toEqual(["roads"]);
  vi.advanceTimersByTime(5_000);
  expect(texts()).toEqual(["roads: https://a.example/x.geojson has not answered for 5 seconds."]);
  map.loaded.add("roads");
  map.tell("sourcedata", { sourceId: "roads", sourceDataType: "content" });
  expect([watch.loading(), cleared]).toEqual([[], ["roads load"]]);
});

test("tiles have loaded when each in view has, with something in it", () => {
  add("roads", { type: "vector", url: "https://a.example/t.json" });
  map.loaded.add("roads");
  for (const tiles of [[], [tile("errored")], [tile("loaded", "a"), tile("errored")], [tile("loaded")]]) {
    map.tiles = tiles;
    map.tell("sourcedata", { sourceId: "roads" });
  }
  expect(cleared).toEqual([]);
  map.tiles = [tile("loaded", "a"), tile("loaded")];
  map.tell("sourcedata", { sourceId: "roads" });
  expect(cleared).toEqual(["roads load"]);
});

test("a missing image is told of the layers that want it, also by an expression", () => {
  add("a", { type: "geojson" }, { id: "a1", type: "symbol", layout: { "icon-image": "bus" } });
  add("b", { type: "geojson" }, { id: "b1", type: "fill", paint: { "fill-pattern": ["get", "kind"] } });
  add("c", { type: "geojson" }, { id: "c1", type: "symbol", layout: { "icon-image": "tram", "text-field": ["get", "n"] } });
  map.tell("styleimagemissing", { id: "bus" });
  expect(said.map(([id]) => id)).toEqual(["a", "b"]);
  expect(said[0]![1]).toMatchObject({ text: expect.stringContaining('"bus"'), fix: expect.stringContaining("circle") });
});

test("a source-layer that is in no tile is told with those that are, where no header says so", () => {
  add("roads", { type: "vector", tiles: ["https://tiles.example/{z}/{x}/{y}"] }, { id: "r", type: "line", "source-layer": "road" });
  map.loaded.add("roads");
  map.tiles = [tile("loaded", "roads", "water")];
  map.tell("sourcedata", { sourceId: "roads" });
  map.tell("idle");
  expect(texts()).toEqual(['roads: There is no source-layer "road" in its tiles; there are: roads, water.']);
  map.tell("idle");
  expect(said).toHaveLength(1);
  map.sources.roads.vectorLayerIds = ["roads", "water"];
  map.tell("sourcedata", { sourceId: "roads" });
  map.tell("idle");
  expect(said).toHaveLength(1); // MapLibre says it
});

test("where no tile has anything one is asked for its status", async () => {
  add("roads", { type: "vector", tiles: ["https://tiles.example/{z}/{x}/{y}"] });
  map.loaded.add("roads");
  map.tiles = [tile("loaded"), tile("loaded")];
  const asked = vi.fn(async () => new Response(null, { status: 404 }));
  vi.stubGlobal("fetch", asked);
  for (let i = 0; i < 2; i++) {
    map.tell("sourcedata", { sourceId: "roads" });
    map.tell("idle");
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(texts()).toEqual(["roads: 404 for every tile in view from https://tiles.example/{z}/{x}/{y}"]);
  expect(asked).toHaveBeenCalledTimes(1);
});

test("tiles that are not there are found though MapLibre tells nobody, early or late", async () => {
  const found = "404 for every tile in view from https://tiles.example/{z}/{x}/{y}";
  vi.stubGlobal("fetch", async () => new Response(null, { status: 404 }));
  map.tiles = [tile("errored")];
  for (const [id, after] of [["soon", 400], ["late", 7_000]] as const) {
    add(id, { type: "raster", tiles: ["https://tiles.example/{z}/{x}/{y}"] });
    map.tell("dataloading", { sourceId: id });
    await vi.advanceTimersByTimeAsync(after);
    map.loaded.add(id);
    await vi.advanceTimersByTimeAsync(300);
  }
  expect(texts()).toEqual([`soon: ${found}`, "late: https://tiles.example/{z}/{x}/{y} has not answered for 5 seconds.", `late: ${found}`]);
});

test("an expression that fails on features that are here is told with how many", () => {
  const paint = { "circle-radius": ["number", ["get", "people"]] };
  add("towns", { type: "geojson" }, { id: "dots", type: "circle", paint });
  const spec = (latest as any).paint_circle["circle-radius"];
  const made: any = createPropertyExpression(paint["circle-radius"], "dots", spec);
  map.inner.dots = { id: "dots", _transitionablePaint: { _values: { "circle-radius": { value: { expression: made.value, value: paint["circle-radius"] } } } } };
  map.features = ["many", 5, undefined].map((people) => ({ geometry: { type: "Point" }, properties: { people } }));
  map.loaded.add("towns");
  map.tell("sourcedata", { sourceId: "towns", sourceDataType: "content" });
  map.tell("idle");
  expect(texts()).toHaveLength(1);
  expect(texts()[0]).toMatch(/^towns: circle-radius of "dots": .*number.* \(2 of 3 features\)$/);
  expect(said[0]![1].fix).toContain("coalesce");
});

test("JSON that is no GeoJSON is told, of which MapLibre draws nothing", () => {
  add("roads", { type: "geojson", data: "https://a.example/x.geojson", _data: { geojson: { type: "Topology" } } });
  add("fine", { type: "geojson", data: "https://a.example/y.geojson", _data: { geojson: { type: "MultiPoint" } } });
  for (const id of ["roads", "fine"]) {
    map.loaded.add(id);
    map.tell("sourcedata", { sourceId: id, sourceDataType: "content" });
  }
  map.tell("idle");
  expect(texts()).toEqual(["roads: https://a.example/x.geojson is JSON, but no GeoJSON."]);
});
