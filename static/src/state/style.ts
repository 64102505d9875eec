// toStyle(state, baseUrl) -> a MapLibre style: what a state looks like. Pure; the server makes the same document for
// other programs, and shared vectors hold both to it. A layer that did not change keeps its identity from call to call.

import { ANY, drawingOrder, groundOf, type Look } from "./ground.ts";
import type { Json, JsonObject, MapLayer, MapState, Override, StyleDocument, StyleLayer } from "./types.ts";

const OURS = /^data\//; // paths on our own server, relative to its base

/** Ids that begin so belong to the basemap. */
export const RESERVED = "mapsrv:";

export function toStyle(state: MapState, baseUrl: string, look: Look = ANY): StyleDocument {
  const ground = groundOf(state.basemap, baseUrl, look);
  return {
    version: 8,
    name: state.title,
    ...cameraKeys(state),
    sources: { ...ground.sources, ...Object.fromEntries(state.layers.map((layer) => [layer.id, sourceOf(layer, baseUrl)])) },
    layers: drawingOrder(ground, state.layers.flatMap(styleLayersOf)),
  };
}

function cameraKeys({ camera }: MapState): Partial<StyleDocument> {
  if (!camera || !("center" in camera)) return {};
  const keys = ["center", "zoom", "bearing", "pitch"] as const;
  return Object.fromEntries(keys.filter((key) => camera[key] !== undefined).map((key) => [key, camera[key]]));
}

function sourceOf(layer: MapLayer, baseUrl: string): JsonObject {
  const source = absolute(layer.source, baseUrl);
  const text = layer.attribution ?? source.attribution;
  return typeof text === "string" ? { ...source, attribution: escaped(text) } : source;
}

/** A style's attribution is HTML to whoever draws it; ours is text that a tool may have written. */
const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => ENTITIES[sign]!);

const ENTITIES: { [sign: string]: string } = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function absolute(source: JsonObject, baseUrl: string): JsonObject {
  const resolve = (value: Json): Json => (typeof value === "string" && OURS.test(value) ? `${baseUrl}/${value}` : value);
  const result: JsonObject = { ...source };
  for (const key of ["data", "url", "tiles", "urls"]) {
    const value = result[key];
    if (value !== undefined) result[key] = Array.isArray(value) ? value.map(resolve) : resolve(value);
  }
  return result;
}

const madeBefore = new WeakMap<MapLayer, StyleLayer[]>();

/** Its style layers as they are drawn: with what was laid over them, the filters joined. */
export function styleLayersOf(layer: MapLayer): StyleLayer[] {
  let made = madeBefore.get(layer);
  if (!made) {
    made = layer.style_layers.map((own) => effective(layer, own, layer.restyled?.[own.id] ?? {}));
    madeBefore.set(layer, made);
  }
  return made;
}

function effective(layer: MapLayer, own: StyleLayer, override: Override): StyleLayer {
  const { paint: ownPaint, layout: ownLayout, filter: ownFilter, ...rest } = own;
  const result: StyleLayer = { ...rest, source: layer.id };
  for (const key of ["minzoom", "maxzoom"] as const) if (override[key] !== undefined) result[key] = override[key];
  const filter = joined([ownFilter, override.filter, layer.filter]);
  if (filter !== null) result.filter = filter;
  const paint = { ...ownPaint, ...override.paint };
  if (Object.keys(paint).length) result.paint = paint;
  const layout = shownLayout({ ...ownLayout, ...override.layout }, layer.visible, override.visible);
  if (Object.keys(layout).length) result.layout = layout;
  return result;
}

function joined(filters: (Json | undefined)[]): Json {
  const given = filters.filter((filter): filter is Json => filter !== undefined && filter !== null);
  return given.length > 1 ? ["all", ...given] : (given[0] ?? null);
}

function shownLayout(layout: JsonObject, layerVisible: boolean, visible: boolean | undefined): JsonObject {
  const { visibility, ...rest } = layout;
  const shown = layerVisible && (visible ?? visibility !== "none");
  return shown ? rest : { ...rest, visibility: "none" };
}
