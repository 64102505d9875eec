// What a map's points cost where there are many. GeoJSON is cut into tiles that overlap by a quarter of a tile on each side,
// for lines and areas that are drawn across an edge, so that most points are in two tiles, and laid out in both. Circles and
// heatmaps draw a point in the one tile that has its middle: where a source is drawn by nothing else, no tile needs more.

import type { JsonObject, StyleDocument } from "../state/types.ts";

const OF_ONE_TILE = new Set(["circle", "heatmap"]);
const EDGE = 1; // of the 512 that a tile is wide: a point on the edge itself is rounded into the next tile

/** The style with the smallest sources that look the same. */
export function lean(style: StyleDocument): StyleDocument {
  const across = new Set(style.layers.filter(({ type }) => !OF_ONE_TILE.has(type)).map(({ source }) => source));
  const sources = Object.entries(style.sources).map(([id, source]) => [id, across.has(id) ? source : cut(source)]);
  return { ...style, sources: Object.fromEntries(sources) };
}

function cut(source: JsonObject): JsonObject {
  return source.type === "geojson" && source.buffer === undefined && source.cluster !== true ? { ...source, buffer: EDGE } : source;
}
