// A ground of this viewer's own, by its address: tiles of pictures, or a whole style. What comes of it is a basemap like
// ours, above the built-in one. Its names are drawn with fonts of this system and without icons, since a map has one set
// of glyphs and images, and these are its own. Pure.

import { RESERVED } from "../state/style.ts";
import { BUILT_IN, type Basemap } from "../state/ground.ts";
import type { JsonObject, StyleLayer } from "../state/types.ts";

const OWN = `${RESERVED}own`;
const LONGEST = 2_000; // characters of an address
const MOST_LAYERS = 400; // of a style
const MOST_SOURCES = 20;
const TILE = 256; // pixels, as nearly all servers of pictures have them

export type Address = { kind: "tiles" | "style"; url: string };

/** What an address leads to; a sentence where it cannot be one. */
export function readAddress(text: string): Address | string {
  const url = text.trim();
  if (!url) return "Type an address first.";
  if (url.length > LONGEST) return "This address is too long.";
  if (!/^https?:\/\/[^\s/]/i.test(url)) return "An address begins with https:// or http://.";
  const parts = ["{z}", "{x}", "{y}"].filter((part) => url.includes(part));
  if (parts.length && parts.length < 3) return "An address of tiles has {z}, {x} and {y}.";
  return { kind: parts.length ? "tiles" : "style", url };
}

export const ofTiles = (url: string): Basemap => ({
  title: "Your own",
  attribution: "",
  on: BUILT_IN,
  sources: { [OWN]: { type: "raster", tiles: [url], tileSize: TILE } },
  layers: [{ id: OWN, type: "raster", source: OWN }],
  labels: [],
});

/** Raises an Error with a sentence for the person. */
export function ofStyle(style: any, address: string): Basemap {
  if (style?.version !== 8 || typeof style.sources !== "object" || !Array.isArray(style.layers))
    throw new Error("At this address there is no MapLibre style.");
  const names = Object.keys(style.sources).slice(0, MOST_SOURCES);
  const sources = Object.fromEntries(names.map((name) => [`${OWN}:${name}`, absolute(style.sources[name], address)]));
  const layers: StyleLayer[] = style.layers.slice(0, MOST_LAYERS)
    .filter((layer: any) => typeof layer?.id === "string" && (layer.type === "background" || names.includes(layer.source)))
    .map(owned);
  const isName = (layer: StyleLayer): boolean => layer.type === "symbol";
  return { title: "Your own", attribution: "", on: BUILT_IN, sources, layers: layers.filter((one) => !isName(one)), labels: layers.filter(isName) };
}

function owned(layer: any): StyleLayer {
  const layout = Object.fromEntries(Object.entries(layer.layout ?? {}).filter(([key]) => !key.startsWith("icon-")));
  const paint = Object.fromEntries(Object.entries(layer.paint ?? {}).filter(([key]) => !/^icon-|-pattern$/.test(key)));
  return { ...layer, id: `${OWN}:${layer.id}`, ...(layer.source ? { source: `${OWN}:${layer.source}` } : {}), layout, paint } as StyleLayer;
}

function absolute(source: JsonObject, address: string): JsonObject {
  const whole = (value: unknown): unknown => (typeof value === "string" && !/^[a-z]+:/i.test(value) ? joined(value, address) : value);
  const told = Object.entries(source ?? {}).map(([key, value]) => {
    if (key === "url" || key === "data") return [key, whole(value)];
    return [key, key === "tiles" && Array.isArray(value) ? value.map(whole) : value];
  });
  return Object.fromEntries(told);
}

/** Braces of a template stay as they are. */
const joined = (path: string, address: string): string => new URL(path, address).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
