// What a layer's row tells beside its legend, in words: what is filtered, who added it and when, and at which zooms
// it is drawn. Pure.

import type { MapLayer, StyleLayer } from "../state/types.ts";
import { condition } from "./words.ts";

const LONGEST = 160; // characters of a filter in words
const FILTERED = "filtered by an expression";

export interface FilterTold {
  words: string;
  target: string; // what filter_layer is called with: the layer, or one of its style layers
}

/** What filter_layer has laid over a layer, in words. */
export function filtersTold(layer: MapLayer, locale?: string): FilterTold[] {
  const laid = Object.entries(layer.restyled ?? {}).map(([target, { filter }]) => ({ target, filter }));
  return [{ target: layer.id, filter: layer.filter }, ...laid]
    .filter(({ filter }) => filter !== undefined && filter !== null)
    .map(({ target, filter }) => ({ target, words: cut(condition(filter!, locale) ?? FILTERED) }));
}

const cut = (words: string): string => (words.length > LONGEST ? `${words.slice(0, LONGEST)} …` : words);

/** Whether its looks are others than those that it was added with; a filter is told by itself. */
export const isRestyled = (layer: MapLayer): boolean =>
  Object.values(layer.restyled ?? {}).some((laid) => Object.keys(laid).some((key) => key !== "filter" && key !== "visible"));

const KINDS: { [kind: string]: string } = { model: "an assistant", person: "somebody" };

/** "Claude, 14:32"; on another day than `now` the day stands there. */
export function addedBy({ added }: MapLayer, now: Date, locale?: string): string {
  if (!added) return "";
  const at = new Date(added.at);
  const who = added.name || (KINDS[added.kind] ?? "");
  if (Number.isNaN(at.getTime())) return who;
  const today = at.toDateString() === now.toDateString();
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  const when = today ? at.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" }) : at.toLocaleDateString(locale, { day: "numeric", month: "short", ...year });
  return who ? `${who}, ${when}` : when;
}

/** What to do where nothing of it is drawn at this zoom; empty where something is. */
export function zoomHint({ source }: MapLayer, drawn: StyleLayer[], zoom: number): string {
  const tiles = source.type === "vector" || source.type === "raster" ? Number(source.minzoom ?? 0) : 0; // above their last zoom tiles are stretched
  const ranges = drawn.filter((style) => style.layout?.visibility !== "none").map(({ minzoom = 0, maxzoom = 24 }) => [Math.max(minzoom, Math.floor(tiles)), maxzoom] as const);
  if (!ranges.length || ranges.some(([least, most]) => zoom >= least && zoom < most)) return "";
  return ranges.some(([least]) => zoom < least) ? "Zoom in to see" : "Zoom out to see";
}
