// What MapLibre's own validator says of one property, filter, layer or source: its words, and what helps to mend.

import {
  convertFilter, createExpression, expression, expressions, isExpression, latest, validateStyleMin, type ValidationError,
} from "@maplibre/maplibre-gl-style-spec";
import { said } from "./errors.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Validate = (options: object) => ValidationError[];

/** What is asked: a value, where it stands in the caller's arguments, and what it is to be. */
export interface Item {
  of: "property" | "filter" | "layer" | "source";
  key: string;
  value: Json;
  group?: "paint" | "layout";
  type?: string;
  name?: string;
  source?: Json; // of a layer: what it draws
  only?: Json; // the filter of the style layer that it is of
}

/** `path` follows the item's key; `head` is the operator there, `kind` what the Style Spec expects of a constant. */
export interface Fault {
  path: string;
  text: string;
  head?: string;
  kind?: string;
  operators?: string[];
  modern?: Json; // a deprecated filter as an expression
}

const FILTER = { type: "boolean", "property-type": "data-driven", expression: { interpolated: false, parameters: ["zoom", "feature"] } };
const MAX_FAULTS = 6; // of one item; a caller is told five of all
const operators = Object.keys(expressions).filter((name) => !/^(filter-|error$)/.test(name)); // not the package's own

export function verdict(item: Item): Fault[] {
  try {
    return judged(item);
  } catch (error) {
    said(error); // else the package fails on it ("constructor" as an operator), as it would in every browser
    return [{ path: "", text: "MapLibre cannot read this" }];
  }
}

function judged(item: Item): Fault[] {
  const errors = wrong(item).slice(0, MAX_FAULTS);
  const deprecated = item.of === "filter" && Array.isArray(item.value) && !expression.isExpressionFilter(item.value);
  if (deprecated && !errors.length) {
    const modern = convertFilter(JSON.parse(JSON.stringify(item.value))) as Json;
    return [{ path: "", text: "this is the deprecated filter syntax", modern }];
  }
  if (!errors.length) probe(item);
  return errors.map((error) => told(item, error));
}

/** Evaluates it on features that have every field: what computes without end does so here and in no browser. */
function probe(item: Item): void {
  const spec = item.of === "filter" ? FILTER : specOf(item);
  if (!spec || !isExpression(item.value)) return;
  const compiled = createExpression(item.value, item.key, spec as never);
  if (compiled.result === "error") return;
  for (const value of [1, "a"]) {
    const properties = new Proxy({}, { get: () => value, has: () => true, getOwnPropertyDescriptor: () => ({ value, configurable: true }) });
    try {
      compiled.value.evaluateWithoutErrorHandling({ zoom: 1 }, { type: 1, properties, geometry: [] }, {});
    } catch (error) {
      said(error);
    }
  }
}

// A warning of a filter is that it mixes both syntaxes: then it does not do what was meant. It is a fault to us.
function wrong(item: Item): ValidationError[] {
  const { key, value } = item;
  const common = { key, value, styleSpec: latest, style: {} };
  const validators = validateStyleMin as never as Record<string, Validate>;
  if (item.of === "property") {
    const options = { ...common, layerType: item.type, objectKey: item.name };
    return validators[item.group === "paint" ? "paintProperty" : "layoutProperty"]!(options);
  }
  if (item.of !== "layer") return validators[item.of]!(common);
  const name = String((value as { source?: Json }).source);
  return validators.layer!({ ...common, style: { sources: { [name]: item.source } }, arrayIndex: -1 });
}

function told(item: Item, error: ValidationError): Fault {
  const whole = error.message.startsWith(item.key) ? error.message.slice(item.key.length) : `: ${error.message}`;
  const [, path = "", text = whole] = /^([^:\s]*): ([^]*)$/.exec(whole) ?? [];
  const fault: Fault = { path, text };
  let inner: Json = item.value;
  for (const [, place] of path.matchAll(/\[(\d+)\]/g)) inner = Array.isArray(inner) ? inner[Number(place)] ?? null : null;
  if (Array.isArray(inner) && typeof inner[0] === "string") fault.head = inner[0];
  const kind = specOf(item)?.type;
  if (typeof kind === "string" && !path && !isExpression(item.value)) fault.kind = kind;
  const unknown = fault.head !== undefined && !isExpression([fault.head]);
  if (unknown || text.startsWith("Unknown expression")) fault.operators = operators;
  return fault;
}

/** What the Style Spec says of a property; undefined for what is none, and for filters. */
export function specOf(item: Item): { type: string; [key: string]: unknown } | undefined {
  if (item.of !== "property") return undefined;
  const groups = latest as never as Record<string, Record<string, { type: string }>>;
  return groups[`${item.group}_${item.type}`]?.[item.name ?? ""];
}
