// A value tried on a layer's own features: what they show of it that its form cannot.

import { createPropertyExpression, isExpression } from "@maplibre/maplibre-gl-style-spec";
import { said } from "./errors.ts";
import { passing, type Budget, type Layer, type Row, type Value } from "./features.ts";
import { read, taken, withoutId, type Label, type Range } from "./reading.ts";
import { specOf, type Item, type Json } from "./verdicts.ts";

/** What all compiled values have and not all of the package's types say. */
interface Strict {
  evaluateWithoutErrorHandling(globals: object, feature: Row, state: object): unknown;
}

export interface Note {
  note: "field" | "label" | "range" | "fails" | "id" | "mixed";
  [detail: string]: Json;
}

const MAX_NAMES = 100; // names of fields that a reader compares a misspelt one with
const MAX_VALUES = 8;
const ZOOM = 12; // where a value is tried that depends on the zoom too
// What only the browser knows while it draws, or what is not sent.
const UNKNOWN = new Set([
  "feature-state", "line-progress", "heatmap-density", "elevation", "accumulated", "global-state", "within", "distance",
]);

export function tried(item: Item, layer: Layer, budget: Budget): Note[] {
  const { rows } = layer;
  const reading = read(item.value);
  if (reading.ids) {
    const notes = ids(item, layer);
    if (notes.length) return notes;
  }
  if (layer.cluster || !rows.length || budget.spent) return [];
  const notes: Note[] = [];
  for (const name of reading.fields) {
    if (!reading.asked.has(name) && !rows.some((row) => name in row.properties)) notes.push({ note: "field", name, names: names(rows) });
  }
  if (notes.length || !Array.isArray(item.value)) return notes;
  const drawn = passing([item.only ?? null], layer, ZOOM, budget);
  if (!drawn.length) return [];
  for (const match of reading.labels) notes.push(...label(match, drawn));
  for (const range of reading.ranges) notes.push(...outside(range, drawn));
  if (!notes.length && item.of === "property" && isExpression(item.value)) {
    notes.push(...failing(item, { ...layer, rows: drawn }, reading.heads, [...reading.fields], budget));
  }
  return notes;
}

/** MapLibre has no text ids: where one is made of a property, ["id"] is null. */
function ids(item: Item, { rows, promoteId }: Layer): Note[] {
  const text = promoteId === "mapsrv:id" || rows.some((row) => promoteId && typeof row.properties[promoteId] === "string" && isNaN(Number(row.properties[promoteId])));
  return promoteId && text ? [{ note: "id", modern: withoutId(item.value, ["get", promoteId]) }] : [];
}

export function names(rows: Row[]): string[] {
  const found = new Set<string>();
  for (const row of rows) {
    for (const name in row.properties) if (!name.startsWith("mapsrv:")) found.add(name);
    if (found.size >= MAX_NAMES) break;
  }
  return [...found].slice(0, MAX_NAMES);
}

export function values(rows: Row[], name: string): Value[] {
  const found = new Set<Value>();
  for (const row of rows) {
    const value = row.properties[name];
    if (value !== undefined && (value === null || typeof value !== "object")) found.add(value);
    if (found.size >= MAX_VALUES) break;
  }
  return [...found];
}

function label(match: Label, rows: Row[]): Note[] {
  const { field, labels } = match;
  const there = rows.map((row) => taken(match, row.properties[field]));
  const known = new Set(there);
  const absent = labels.filter((one) => !known.has(one));
  if (!absent.length) return [];
  const wanted = new Set<Json | undefined>(labels);
  const rest = there.filter((one) => !wanted.has(one)).length;
  return [{ note: "label", field, absent: absent.slice(0, MAX_VALUES), present: values(rows, field), rest, of: rows.length }];
}

function outside(range: Range, rows: Row[]): Note[] {
  const { field, head, stops } = range;
  const numbers = rows.map((row) => taken(range, row.properties[field])).filter((value) => typeof value === "number" && !isNaN(value)) as number[];
  if (!numbers.length) return [];
  let low = Infinity, high = -Infinity;
  for (const number of numbers) {
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  const first = stops[0]!, last = stops[stops.length - 1]!;
  const beyond = head === "step" ? high < first || low >= last : high < first || low > last;
  return beyond ? [{ note: "range", field, head, low, high, first, last }] : [];
}

/** How many features take the property's default, because the value fails for them or gives nothing. */
function failing(item: Item, { rows }: Layer, heads: Set<string>, fields: string[], budget: Budget): Note[] {
  const spec = specOf(item);
  if (!spec || [...heads].some((head) => UNKNOWN.has(head))) return [];
  const compiled = createPropertyExpression(item.value as never, item.key, spec as never);
  if (compiled.result === "error") return [];
  const value = compiled.value as never as Strict;
  const causes = new Map<string, { count: number; row: Row }>();
  let count = 0;
  const of = budget.spend(rows, (row) => {
    const cause = fault(() => value.evaluateWithoutErrorHandling({ zoom: ZOOM }, row, {}), spec);
    if (cause === null) return;
    count++;
    const same = causes.get(cause);
    if (same) same.count++;
    else if (causes.size < MAX_VALUES) causes.set(cause, { count: 1, row });
  });
  if (!count) return [];
  const [[message, { row }]] = [...causes].sort((a, b) => b[1].count - a[1].count) as [[string, { count: number; row: Row }]];
  const found = /but found (\w+)/.exec(message)?.[1] ?? "";
  const field = fields.find((name) => typeOf(row.properties[name]) === found) ?? null;
  return [{ note: "fails", count, of, message, field, found, sample: field === null ? null : row.properties[field] ?? null }];
}

function fault(evaluate: () => unknown, spec: { type: string; [key: string]: unknown }): string | null {
  try {
    const value = evaluate();
    if (value === null || value === undefined || value !== value) return "there is no value, but found null instead";
    if (spec.type === "enum" && !((value as string) in (spec.values as object))) return `${JSON.stringify(value)} is none of its values`;
    return null;
  } catch (error) {
    return said(error);
  }
}

function typeOf(value: Json | undefined): string {
  return value === undefined || value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

/** What the fields of a filter hold, for who asked for what nobody has. */
export function held(value: Json, { rows }: Layer) {
  const reading = read(value);
  const fields = [...new Set([...reading.fields, ...reading.asked])].slice(0, 3);
  return fields.map((name) => ({ name, known: rows.some((row) => name in row.properties), values: values(rows, name) as Json[] }));
}
