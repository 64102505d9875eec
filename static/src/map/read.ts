// What there is in vector tiles that nobody draws yet: their layers, fields, geometry and zooms, from the header where
// there is one, and from the tiles in view, which MapLibre fetches for a layer that shows nothing.

import type { Map as MapLibreMap } from "maplibre-gl";
import { PMTiles } from "pmtiles";
import { RESERVED } from "../state/style.ts";
import type { JsonObject } from "../state/types.ts";
import { isLoading, tilesInView, type TileInView } from "./tiles.ts";

/** The id of the source and the layer that are here for a moment; what goes wrong with them nobody is told. */
export const READING = `${RESERVED}read`;

export interface SourceLayer {
  id: string;
  fields: { [name: string]: string };
  geometry?: string;
  zooms?: [number, number];
}

export interface ReadTiles {
  kind: "vector" | "raster" | "";
  layers: SourceLayer[];
}

const MOST = 30; // layers
const MOST_FIELDS = 20; // of a layer
const SAMPLE = 20; // features of a tile
const WAIT_MS = 2_500;
const LOOK_MS = 50;
const GEOMETRIES = ["", "Point", "LineString", "Polygon"];
const RASTER_TYPES = new Set([2, 3, 4, 5]); // PNG, JPEG, WebP and AVIF in a PMTiles header

interface Header {
  vector_layers?: { id: string; fields?: object; minzoom?: number; maxzoom?: number }[];
  minzoom?: number;
  maxzoom?: number;
  raster?: boolean;
}

export async function readTiles(map: MapLibreMap, source: JsonObject): Promise<ReadTiles> {
  const header = await headerOf(source.url).catch((): Header => ({}));
  if (header.raster) return { kind: "raster", layers: [] };
  const seen = layersIn(await fetchedTiles(map, source));
  const named = (header.vector_layers ?? []).map((one) => fromHeader(one, header, seen.get(one.id)));
  const others = [...seen.values()].filter(({ id }) => !named.some((one) => one.id === id));
  const layers = [...named, ...others].slice(0, MOST);
  return { kind: layers.length ? "vector" : "", layers };
}

async function headerOf(url: unknown): Promise<Header> {
  if (typeof url !== "string") return {};
  const signal = AbortSignal.timeout(WAIT_MS);
  if (!url.startsWith("pmtiles://")) return (await fetch(url, { signal })).json();
  const archive = new PMTiles(url.slice("pmtiles://".length));
  const { tileType, minZoom, maxZoom } = await archive.getHeader();
  const about = (await archive.getMetadata()) as Header;
  return { minzoom: minZoom, maxzoom: maxZoom, raster: RASTER_TYPES.has(tileType), vector_layers: about?.vector_layers };
}

function fromHeader(one: NonNullable<Header["vector_layers"]>[number], header: Header, seen?: SourceLayer): SourceLayer {
  const fields = Object.fromEntries(Object.entries(one.fields ?? {}).slice(0, MOST_FIELDS).map(([name, type]) => [name, String(type)]));
  const zooms = [one.minzoom ?? header.minzoom, one.maxzoom ?? header.maxzoom];
  const layer: SourceLayer = { id: String(one.id), fields: Object.keys(fields).length ? fields : (seen?.fields ?? {}) };
  if (seen?.geometry) layer.geometry = seen.geometry;
  if (zooms.every(Number.isFinite)) layer.zooms = zooms as [number, number];
  return layer;
}

async function fetchedTiles(map: MapLibreMap, source: JsonObject): Promise<TileInView[]> {
  try {
    map.addSource(READING, { ...source, type: "vector" } as any);
    map.addLayer({ id: READING, type: "circle", source: READING, "source-layer": READING, paint: { "circle-opacity": 0 } });
    const until = Date.now() + WAIT_MS;
    do await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    while (Date.now() < until && isLoading(map as any, READING));
    return tilesInView(map as any, READING);
  } catch {
    return [];
  } finally {
    if (map.getLayer(READING)) map.removeLayer(READING);
    if (map.getSource(READING)) map.removeSource(READING);
  }
}

export function layersIn(tiles: TileInView[]): Map<string, SourceLayer> {
  const found = new Map<string, SourceLayer>();
  for (const tile of tiles) {
    for (const id of tile.layers) {
      const layer = found.get(id) ?? { id, fields: {} };
      found.set(id, layer);
      const features = tile.features(id);
      for (let n = 0; n < Math.min(SAMPLE, features?.length ?? 0); n++) note(layer, features.feature(n));
    }
  }
  return found;
}

function note(layer: SourceLayer, feature: { type: number; properties: object }): void {
  layer.geometry ??= GEOMETRIES[feature.type] || undefined;
  for (const [name, value] of Object.entries(feature.properties))
    if (Object.keys(layer.fields).length < MOST_FIELDS) layer.fields[name] ??= typeof value;
}
