// legendOf(layer, style layers, where) -> Legend: what the colours, sizes and widths of a layer mean, from its paint
// alone. Pure; tests/vectors/legends.json has paints and their legends. Whatever cannot be read is said in words.

import type { Json, MapLayer, StyleLayer } from "../state/types.ts";
import { isColor } from "./colors.ts";
import { text } from "./evaluate.ts";
import { asExpression } from "./functions.ts";
import { BLACK, MARKS, seen, together, type Mark } from "./marks.ts";
import { read, type Class, type Look, type Reading } from "./read.ts";
import { special } from "./special.ts";
import { EXPRESSION, NEUTRAL, type Entry, type Legend, type Part, type Swatch } from "./types.ts";
import { condition } from "./words.ts";

export interface Where {
  zoom: number;
  locale?: string | undefined;
}

const MOST_PARTS = 6; // of a layer; more explains nothing
const MOST_SIZES = 4; // rings in each other

/** `drawn` are its style layers as they are drawn, with what was laid over them. */
export function legendOf(layer: MapLayer, drawn: StyleLayer[], where: Where): Legend {
  const shown = drawn.filter((style) => style.layout?.visibility !== "none");
  const spoken = shown.filter((style) => style.type !== "symbol" || !shown.some((one) => one.type !== "symbol") || isExpression(style.paint?.["text-color"]));
  const alike: [StyleLayer, Swatch][] = [];
  const parts: Part[] = [];
  for (const style of spoken) {
    const found = ofStyle(style, { ...where, filters: filtersOf(layer, style) });
    if (found.swatch) alike.push([style, found.swatch]);
    parts.push(...found.parts);
  }
  return summed(layer, alike, parts, where.locale);
}

/** Where something of the zoom is in it, a legend is another at another zoom. */
export const turnsWithZoom = (drawn: StyleLayer[]): boolean => drawn.some(({ paint }) => /\["zoom"\]|"stops"/.test(JSON.stringify(paint) ?? ""));

/** What was laid over a layer to filter it; not what its style is made of. */
function filtersOf(layer: MapLayer, style: StyleLayer): Json[] {
  return [layer.filter, layer.restyled?.[style.id]?.filter].filter((one): one is Json => one !== undefined && one !== null);
}

function summed(layer: MapLayer, alike: [StyleLayer, Swatch][], parts: Part[], locale?: string): Legend {
  const groups = new Map<string, Swatch[]>();
  for (const [style, swatch] of alike) {
    const own = layer.style_layers.find((one) => one.id === style.id)?.filter;
    const words = own === undefined || isGeometry(own) ? "" : (condition(own, locale) ?? EXPRESSION);
    groups.set(words, [...(groups.get(words) ?? []), swatch]);
  }
  const kept = distinct(parts).slice(0, MOST_PARTS);
  if (groups.size < 2) {
    const swatch = groups.size ? together([...groups.values()][0]!) : {};
    const isEdge = !swatch.fill && !swatch.circle && areColored(parts); // which alone says nothing
    return { swatch: Object.keys(swatch).length && !isEdge ? swatch : null, parts: kept.map((part) => edged(part, swatch)) };
  }
  const entries = [...groups].map(([words, swatches]): Entry => ({ label: words || "all", swatch: together(swatches) }));
  return { swatch: null, parts: [{ kind: "classes", of: "", entries }, ...kept] };
}

const areColored = (parts: Part[]): boolean => parts.some((part) => (part.kind === "classes" && part.entries.some(({ swatch }) => swatch.fill)) || (part.kind === "ramp" && part.of !== ""));

/** An area's edge goes with each of its colours. */
function edged(part: Part, { line, width }: Swatch): Part {
  if (part.kind !== "classes" || !line) return part;
  const entries = part.entries.map((one) => (one.swatch.fill ? { ...one, swatch: { line, ...(width ? { width } : {}), ...one.swatch } } : one));
  return { ...part, entries };
}

/** A fill and its line by one expression say the same. */
function distinct(parts: Part[]): Part[] {
  const met = new Set<string>();
  return parts.filter((part) => {
    const colors = "entries" in part ? part.entries.map((one) => [one.label, one.swatch.fill ?? one.swatch.line ?? one.swatch.circle]) : part;
    const key = part.kind === "classes" ? text([part.of, colors as Json]) : text(part as unknown as Json);
    return !met.has(key) && Boolean(met.add(key));
  });
}

const isExpression = (value: Json | undefined): boolean => typeof value === "object" && value !== null;

/** Filters by which a style layer takes areas, lines or points sort out nothing that a legend would have to say. */
const isGeometry = (filter: Json): boolean => /"geometry-type"|"\$type"/.test(text(filter)) && !/"(get|has)"/.test(text(filter));

interface Found {
  swatch?: Swatch;
  parts: Part[];
}

function ofStyle(style: StyleLayer, look: Look): Found {
  const other = special(style, look);
  if (other) return { parts: other };
  const mark = MARKS[style.type];
  if (!mark) return { parts: [] };
  const paint = style.paint ?? {};
  if (paint[`${style.type}-pattern`] !== undefined) return { parts: [{ kind: "words", text: "a pattern" }] };
  const reading = (name: string, usual: Json): Reading => read(asExpression(paint[name] ?? usual), look);
  const [color, opacity] = [reading(mark.color, BLACK), reading(mark.opacity, 1)];
  const size = mark.size ? reading(mark.size.name, mark.size.usual) : undefined;
  const swatchOf = (shade: string): Swatch => mark.swatch(shade, size?.kind === "same" && typeof size.value === "number" ? size.value : (mark.size?.usual ?? 0), style);
  const parts = [...colored(mark, color, opacity, swatchOf), ...sized(mark, size, color, opacity, style)];
  if (mark.outline && isExpression(paint[mark.outline])) parts.push(...colored(mark, reading(mark.outline, BLACK), { kind: "same", value: 1 }, (ring) => ({ ring, radius: mark.size!.usual })));
  const one = color.kind === "same" && opacity.kind === "same" ? seen(color.value, opacity.value) : null;
  return { ...(one && size?.kind !== "classes" && size?.kind !== "ramp" ? { swatch: swatchOf(one) } : {}), parts };
}

/** By colour; where that is one and the opacity differs, by that. */
function colored(mark: Mark, color: Reading, opacity: Reading, swatchOf: (shade: string) => Swatch): Part[] {
  if (color.kind === "same" && opacity.kind === "same") return seen(color.value, opacity.value) ? [] : [unread("Colour")];
  if (color.kind === "same") return spread(opacity, (value) => seen(color.value, value), swatchOf, "Opacity");
  return spread(color, (value) => seen(value, opacity.kind === "same" ? opacity.value : 1), swatchOf, mark.color.startsWith("text") ? "Label colour" : "Colour");
}

const unread = (what: string): Part => ({ kind: "words", text: `${what} ${EXPRESSION}` });

/** A reading as a part; one whose values are no colours is not read. */
function spread(reading: Reading, shade: (value: Json) => string | null, swatchOf: (shade: string) => Swatch, what: string): Part[] {
  if (reading.kind === "same" || reading.kind === "unread") return [unread(what)];
  const none = "none" in reading && reading.none ? entryOf(reading.none, shade, swatchOf) : null;
  if (reading.kind === "own") {
    const own: Part = { kind: "words", text: `${what} as each feature's ${reading.of}` };
    return none ? [own, { kind: "classes", of: "", entries: [none] }] : [own];
  }
  const all = reading.kind === "classes" ? reading.classes : reading.stops;
  const entries = all.map((one) => entryOf(one, shade, swatchOf));
  if (entries.includes(null)) return [unread(what)];
  if (reading.kind === "classes") return [{ kind: "classes", of: reading.of, entries: entries as Entry[], ...(reading.more ? { more: reading.more } : {}) }];
  const stops = all.map((one) => ({ label: one.label, color: shade(one.value)! }));
  return [{ kind: "ramp", of: reading.of, stops, ...(reading.gaps.includes(true) ? { gaps: reading.gaps } : {}), ...(none ? { none } : {}) }];
}

function entryOf(one: Class, shade: (value: Json) => string | null, swatchOf: (shade: string) => Swatch): Entry | null {
  const color = shade(one.value);
  return isColor(color) ? { label: one.label, swatch: swatchOf(color), ...(one.hidden ? { hidden: true } : {}) } : null;
}

/** By size; the colour is the layer's own where it has one. */
function sized(mark: Mark, size: Reading | undefined, color: Reading, opacity: Reading, style: StyleLayer): Part[] {
  if (!mark.size || !size || size.kind === "same") return [];
  const { kind, said } = mark.size;
  if (size.kind === "own") return [{ kind: "words", text: `${said} as each feature's ${size.of}` }];
  if (size.kind === "unread") return [unread(said)];
  const shade = (color.kind === "same" && seen(color.value, opacity.kind === "same" ? opacity.value : 1)) || NEUTRAL;
  const all = size.kind === "classes" ? size.classes : size.stops;
  if (!all.every((one) => typeof one.value === "number" && one.value >= 0)) return [unread(said)];
  const few = kind === "rings" || size.kind === "ramp" ? spaced(all, MOST_SIZES) : all;
  const entries = few.map((one): Entry => ({ label: one.label, swatch: mark.swatch(shade, rounded(one.value as number), style), ...(one.hidden ? { hidden: true } : {}) }));
  return [{ kind, of: size.of, entries }];
}

const rounded = (value: number): number => Number(value.toFixed(1));

/** At most so many of them, evenly, the first and the last among them. */
function spaced<T>(all: T[], most: number): T[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))]!);
}
