// What is drawn beneath a map's layers, by the rules of mapsrv/wire/ground.py and out of the same file: a colour stands
// there by its name, as "@water", so that light and dark are one table. Pure; tests/vectors hold both to one result.

import catalog from "../../../mapsrv/wire/basemaps.json" with { type: "json" };
import type { Json, JsonObject, StyleLayer } from "./types.ts";

export type Scheme = "light" | "dark";

/** How the ground is to look for this viewer. Keep one as long as nothing in it changes: what is made of it is kept too. */
export interface Look {
  scheme: Scheme;
  /** Of the build that the tiles are of. */
  version: string;
  /** Countries as the reader calls them, by ISO code; without: as the data has them. */
  names?: { [iso: string]: string };
  /** This viewer's own ground, instead of the one that is shared. */
  own?: Basemap;
}

export interface Basemap {
  title: string;
  attribution: string;
  sources: { [id: string]: JsonObject };
  layers: StyleLayer[];
  labels: StyleLayer[];
  /** The basemap beneath, which shows where this one's tiles do not come. */
  on?: string;
}

export type Ground = Pick<Basemap, "sources" | "layers" | "labels">;

const BASEMAPS = catalog.basemaps as unknown as { [name: string]: Basemap };
const TOKENS: { [scheme in Scheme]: { [name: string]: string } } = catalog.tokens;
const COUNTRIES = "mapsrv:country-labels";
const OURS = /^basemap\//;
// What lies flat: the ground's names stand above the last of these, and a map's own names above those.
const AREAS = new Set(["fill", "fill-extrusion", "raster", "hillshade", "color-relief", "heatmap"]);

export const ANY: Look = { scheme: "light", version: "0" };
export const BUILT_IN = catalog.default;
/** Those that a map can have, in the order to offer them. */
export const CHOICES: { name: string; title: string }[] = Object.entries(BASEMAPS).map(([name, { title }]) => ({ name, title }));

/** Whether a source's tiles come from elsewhere: where the ground is chosen, it is said when they do not. */
export const comesFromAway = (source: string | undefined): boolean => /^mapsrv:(?:away|own)\b/.test(source ?? "");

const made = new WeakMap<Look, Map<string, Ground>>();

/** A basemap with whole addresses and its colours; the same object for the same question. */
export function groundOf(name: string, baseUrl: string, look: Look): Ground {
  const kept = made.get(look) ?? new Map<string, Ground>();
  made.set(look, kept);
  const key = `${name} ${baseUrl}`;
  if (!kept.has(key)) kept.set(key, laid(look.own ?? basemapOf(name), baseUrl, look));
  return kept.get(key)!;
}

const basemapOf = (name: string): Basemap => (Object.hasOwn(BASEMAPS, name) ? BASEMAPS[name] : BASEMAPS.none);

function laid(found: Basemap, baseUrl: string, look: Look): Ground {
  const layers = coloured(found.layers, look) as StyleLayer[];
  const labels = (coloured(found.labels, look) as StyleLayer[]).map((layer) => translated(layer, look));
  const sources = Object.fromEntries(Object.entries(found.sources).map(([id, source]) => [id, whole(source, baseUrl, look)]));
  if (!found.on) return { sources, layers, labels };
  const beneath = laid(BASEMAPS[found.on], baseUrl, look);
  return { sources: { ...beneath.sources, ...sources }, layers: [...beneath.layers, ...beneath.labels, ...layers], labels };
}

function coloured(value: Json | StyleLayer[], { scheme }: Look): Json {
  const tokens = TOKENS[scheme];
  const through = (item: any): any => {
    if (typeof item === "string") return item.startsWith("@") ? (tokens[item.slice(1)] ?? item) : item;
    if (Array.isArray(item)) return item.map(through);
    if (item && typeof item === "object") return Object.fromEntries(Object.entries(item).map(([key, one]) => [key, through(one)]));
    return item;
  };
  return through(value);
}

function translated(layer: StyleLayer, { names }: Look): StyleLayer {
  if (!layer.id.startsWith(COUNTRIES) || !names) return layer;
  const text = ["coalesce", ["get", ["coalesce", ["get", "iso"], ""], ["literal", names]], ["get", "name"]];
  return { ...layer, layout: { ...layer.layout, "text-field": text as Json } };
}

function whole(source: JsonObject, baseUrl: string, { version }: Look): JsonObject {
  if (!Array.isArray(source.tiles)) return source;
  const tiles = (source.tiles as string[]).map((address) => (OURS.test(address) ? `${baseUrl}/${address.replace("@version", version)}` : address));
  return { ...source, tiles };
}

/** All style layers, bottom to top: ground, areas, the ground's labels, then what is to stand out. */
export function drawingOrder(beneath: Ground, drawn: StyleLayer[]): StyleLayer[] {
  const end = drawn.findLastIndex((layer) => AREAS.has(layer.type)) + 1;
  const flat = drawn.slice(0, end);
  const isName = (layer: StyleLayer): boolean => layer.type === "symbol";
  const named = flat.filter(isName);
  return [...beneath.layers, ...flat.filter((layer) => !isName(layer)), ...beneath.labels, ...named, ...drawn.slice(end)];
}
