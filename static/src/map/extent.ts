// Where a layer is: the bounds [west, south, east, north] of its source, or null when the source does not tell.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { MapLayer } from "../state/types.ts";

export type Bounds = [number, number, number, number];

export async function extentOf(map: MapLibreMap, layer: MapLayer): Promise<Bounds | null> {
  const source = map.getSource(layer.id) as any;
  if (!source) return null;
  if (source.type === "geojson") return finite((await source.getBounds()).toArray().flat());
  if (Array.isArray(source.coordinates)) return around(source.coordinates);
  return finite(source.bounds ?? layer.source.bounds);
}

const finite = (bounds: any): Bounds | null =>
  Array.isArray(bounds) && bounds.length === 4 && bounds.every(Number.isFinite) ? (bounds as Bounds) : null;

function around(points: [number, number][]): Bounds | null {
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  return finite([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]);
}
