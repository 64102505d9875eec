// What there is in vector tiles: from the header, and from the tiles in view; nothing stays on the map.

import { afterEach, expect, test, vi } from "vitest";
import { READING, readTiles } from "../src/map/read.ts";

vi.mock("pmtiles", () => ({
  PMTiles: class {
    constructor(private readonly url: string) {}
    getHeader = async (): Promise<object> => ({ tileType: this.url.includes("png") ? 2 : 1, minZoom: 2, maxZoom: 9 });
    getMetadata = async (): Promise<object> => ({ vector_layers: [{ id: "roads", fields: { name: "String" } }] });
  },
}));

afterEach(() => vi.unstubAllGlobals());

const feature = (type: number, properties: object): any => ({ type, properties });

function fakeMap(tiles: { [layer: string]: any[] }): any {
  const layers = Object.fromEntries(Object.entries(tiles).map(([id, all]) => [id, { length: all.length, feature: (n: number) => all[n] }]));
  const tile = { state: "loaded", latestFeatureIndex: { rawTileData: 1, loadVTLayers: () => layers } };
  const there = new Set<string>();
  return {
    there,
    added: [] as any[],
    addSource(id: string, source: any) {
      there.add(`source ${id}`);
      this.added.push(source);
    },
    addLayer: ({ id }: any) => there.add(`layer ${id}`),
    getSource: (id: string) => (there.has(`source ${id}`) ? {} : undefined),
    getLayer: (id: string) => (there.has(`layer ${id}`) ? {} : undefined),
    removeSource: (id: string) => there.delete(`source ${id}`),
    removeLayer: (id: string) => there.delete(`layer ${id}`),
    isSourceLoaded: () => true,
    style: { tileManagers: { [READING]: { _inViewTiles: { getAllTiles: () => [tile] } } } },
  };
}

test("a header names layers and fields, the tiles in view their geometry", async () => {
  const map = fakeMap({ roads: [feature(2, { name: "A1" })], dots: [feature(1, { n: 3 })] });
  const read = await readTiles(map, { type: "vector", url: "pmtiles://https://a.example/x.pmtiles" });
  expect(read).toEqual({
    kind: "vector",
    layers: [
      { id: "roads", fields: { name: "String" }, geometry: "LineString", zooms: [2, 9] },
      { id: "dots", fields: { n: "number" }, geometry: "Point" },
    ],
  });
  expect([...map.there]).toEqual([]);
});

test("tiles without a header are read alone, and a TileJSON is its header", async () => {
  const tiles = { water: [feature(3, { depth: 4, name: "x" })] };
  const bare = await readTiles(fakeMap(tiles), { type: "vector", tiles: ["https://a.example/{z}/{x}/{y}"] });
  expect(bare.layers).toEqual([{ id: "water", fields: { depth: "number", name: "string" }, geometry: "Polygon" }]);
  const about = { vector_layers: [{ id: "water", minzoom: 1 }], maxzoom: 7 };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(about)));
  const read = await readTiles(fakeMap({}), { type: "vector", url: "https://a.example/t.json" });
  expect(read).toEqual({ kind: "vector", layers: [{ id: "water", fields: {}, zooms: [1, 7] }] });
});

test("an archive of pictures is said to be one, and what cannot be read is nothing", async () => {
  const pictures = await readTiles(fakeMap({}), { type: "vector", url: "pmtiles://https://a.example/png" });
  expect(pictures).toEqual({ kind: "raster", layers: [] });
  vi.stubGlobal("fetch", async () => Promise.reject(new TypeError("Failed to fetch")));
  expect(await readTiles(fakeMap({}), { type: "vector", url: "https://a.example/t.json" })).toEqual({ kind: "", layers: [] });
});
