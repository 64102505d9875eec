// What MapLibre knows of its sources and does not publish: which tiles are in view, and what is in them. With map/masks.ts,
// map/many.ts and map/layer_picture.ts all that looks behind its API; it finds nothing where a later release has it elsewhere.

import type { Feature } from "../state/types.ts";

export interface TileInView {
  state: string; // loading, loaded, reloading, unloaded, errored, expired
  layers: string[]; // source-layers
  features(sourceLayer: string): any; // of @mapbox/vector-tile, where there is one
  address(): string | undefined;
}

/** What may be asked of a map here; the tests have their own. */
export interface Inside {
  style?: any;
  getSource(id: string): any;
  isSourceLoaded(id: string): boolean;
}

/** Whether its data is on its way. A source that failed is not. */
export function isLoading(map: Inside, id: string): boolean {
  return Boolean(map.getSource(id) && map.style?.tileManagers?.[id] && !map.isSourceLoaded(id));
}

/** What a GeoJSON source has loaded, where it is known. */
export function loadedData(map: Inside, id: string): unknown {
  return map.getSource(id)?._data?.geojson;
}

/** Features of a GeoJSON source that are here, by id: the promoted one where the source has that. */
export function featuresHere(map: Inside, id: string, ids: (string | number)[]): Feature[] {
  const source = map.getSource(id);
  const { updateable, geojson } = source?._data ?? {};
  if (updateable) return ids.flatMap((one) => (updateable.has(one) ? [{ ...updateable.get(one), id: one }] : []));
  const wanted = new Set(ids);
  const promoted: string | undefined = typeof source?.promoteId === "string" ? source.promoteId : undefined;
  const idOf = (one: any): string | number => (promoted ? one.properties?.[promoted] : one.id);
  return (geojson?.features ?? []).filter((one: any) => wanted.has(idOf(one))).map((one: any) => ({ ...one, id: idOf(one) }));
}

export function tilesInView(map: Inside, id: string): TileInView[] {
  try {
    const source = map.getSource(id);
    const tiles: any[] = map.style?.tileManagers?.[id]?._inViewTiles?.getAllTiles?.() ?? [];
    return tiles.map((tile) => {
      const read = tile.latestFeatureIndex?.rawTileData ? (tile.latestFeatureIndex.loadVTLayers() ?? {}) : {};
      return {
        state: String(tile.state),
        layers: Object.keys(read),
        features: (name: string) => read[name],
        address: () => tile.tileID?.canonical?.url?.(source?.tiles ?? [], 1, source?.scheme),
      };
    });
  } catch {
    return [];
  }
}
