// Where a change is: what to outline, as far as it is little enough, and the bounds of it. What is large is looked at
// once in a while, not at each change.

import type { Map as MapLibreMap } from "maplibre-gl";
import { extentOf, type Bounds } from "../map/extent.ts";
import type { JsonObject, MapLayer } from "../state/types.ts";
import { MOST_FEATURES, type Change } from "./changes.ts";
import { boundsOf, shapesOf, type Shape } from "./shapes.ts";

const LOAD_MS = 10_000; // until data that does not come is not waited for
const OLD_MS = 30_000; // until the extent of a large layer is found anew
const MOST_KNOWN = 200; // extents that are remembered, also of layers that go

export interface Place {
  shapes: Shape[]; // empty: only its bounds are shown
  bounds: Bounds | null; // null: it is everywhere, as tiles of the world
}

export class Places {
  private readonly extents = new Map<string, { bounds: Bounds; large: boolean; at: number }>();

  constructor(private readonly map: MapLibreMap) {}

  /** Null where nothing is there to be seen, or it does not come. */
  async of({ layer, features }: Change): Promise<Place | null> {
    if (features !== "whole") return outlined([...features.values()]);
    if (layer.source.type !== "geojson") return { shapes: [], bounds: await extentOf(this.map, layer).catch(() => null) };
    const known = this.extents.get(layer.id);
    if (known?.large && Date.now() - known.at < OLD_MS) return { shapes: [], bounds: known.bounds };
    const data = await this.data(layer);
    const geometries = data ? geometriesOf(data) : [];
    if (!geometries.length) return known ? { shapes: [], bounds: known.bounds } : null;
    const large = geometries.length > MOST_FEATURES;
    const place = large ? { shapes: [], bounds: await extentOf(this.map, layer).catch(() => null) } : outlined(geometries);
    if (place.bounds) this.remember(layer.id, place.bounds, large);
    return place;
  }

  /** The layer is another now, so its extent may be. */
  forget(id: string): void {
    const known = this.extents.get(id);
    if (known) known.at = -Infinity;
  }

  private async data({ id, source }: MapLayer): Promise<any> {
    if (typeof source.data === "object") return source.data;
    const loading = (this.map.getSource(id) as any)?.getData?.();
    return Promise.race([loading, new Promise((done) => setTimeout(done, LOAD_MS))]).catch(() => null);
  }

  private remember(id: string, bounds: Bounds, large: boolean): void {
    this.extents.delete(id);
    this.extents.set(id, { bounds, large, at: Date.now() });
    if (this.extents.size > MOST_KNOWN) this.extents.delete(this.extents.keys().next().value!);
  }
}

function outlined(geometries: JsonObject[]): Place {
  const shapes = shapesOf(geometries);
  return shapes ? { shapes, bounds: boundsOf(shapes) } : { shapes: [], bounds: wide(geometries) };
}

/** Bounds of more than is outlined: of each geometry by itself. */
function wide(geometries: JsonObject[]): Bounds | null {
  const all = geometries.map((one) => boundsOf(shapesOf([one], Infinity) ?? []));
  const corners = all.filter((one) => one !== null).flatMap(([west, south, east, north]): [number, number][] => [[west, south], [east, north]]);
  return boundsOf([{ corners, closed: false }]);
}

function geometriesOf(data: any): JsonObject[] {
  if (Array.isArray(data.features)) return data.features.map((one: any) => one?.geometry).filter(Boolean);
  return [data.type === "Feature" ? data.geometry : data].filter(Boolean);
}
