// What an expression reads of the data, found in its JSON: fields, labels of `match`, stops of `step` and `interpolate`.

import type { Json } from "./verdicts.ts";

/** A field as an expression takes it: as it is, or made a text or a number. */
export interface Input {
  field: string;
  as: "to-string" | "to-number" | null;
}

export interface Label extends Input {
  labels: (string | number)[];
}

export interface Range extends Input {
  head: string;
  stops: number[];
}

/** `fields` must be there for the value to mean anything; `asked` are those whose absence is provided for. */
export interface Reading {
  heads: Set<string>;
  fields: Set<string>;
  asked: Set<string>;
  labels: Label[];
  ranges: Range[];
  ids: boolean;
}

const RANGES = new Set(["step", "interpolate", "interpolate-hcl", "interpolate-lab"]);

export function read(value: Json): Reading {
  const found: Reading = {
    heads: new Set(), fields: new Set(), asked: new Set(), labels: [], ranges: [], ids: false,
  };
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    if (typeof value.property === "string") found.fields.add(value.property); // a function of the old kind
  } else if (typeof value === "string") {
    for (const [, name] of value.matchAll(/\{([^{}]+)\}/g)) found.fields.add(name!);
  } else {
    walk(value, found);
  }
  return found;
}

function walk(node: Json, found: Reading): void {
  if (!Array.isArray(node) || typeof node[0] !== "string") {
    if (Array.isArray(node)) node.forEach((part) => walk(part, found));
    return;
  }
  const [head, ...rest] = node as [string, ...Json[]];
  found.heads.add(head);
  if (head === "literal") return;
  if (head === "id" && !rest.length) found.ids = true;
  if (head === "get" || head === "has") {
    if (rest.length === 1 && typeof rest[0] === "string") found[head === "get" ? "fields" : "asked"].add(rest[0]);
    else rest.forEach((part) => walk(part, found));
    return;
  }
  if (head === "coalesce") return coalesce(rest, found);
  if (head === "match") readMatch(rest, found);
  if (RANGES.has(head)) readRange(head, rest, found);
  rest.forEach((part) => walk(part, found));
}

/** Of several fields of which the first that is there counts, one is enough: then none is missed. */
function coalesce(parts: Json[], found: Reading): void {
  const inner = read(["array", ...parts]);
  inner.heads.forEach((head) => found.heads.add(head));
  found.heads.add("coalesce");
  const several = inner.fields.size > 1;
  inner.fields.forEach((field) => found[several ? "asked" : "fields"].add(field));
  inner.asked.forEach((field) => found.asked.add(field));
  found.labels.push(...inner.labels);
  found.ranges.push(...inner.ranges);
  found.ids ||= inner.ids;
}

/** The one field that an input is: itself, or asserted or converted to a type. */
function inputOf(input: Json | undefined): Input | null {
  if (!Array.isArray(input)) return null;
  const [head, inner] = input;
  if (head === "get" && input.length === 2 && typeof inner === "string") return { field: inner, as: null };
  if (head === "to-string" || head === "to-number") {
    const found = inputOf(inner);
    return found && { ...found, as: head };
  }
  return head === "string" || head === "number" ? inputOf(inner) : null;
}

/** A value of the field as the expression has it. */
export function taken({ as }: Input, value: Json | undefined): Json | undefined {
  if (as === null || value === null || value === undefined || typeof value === "object") return value;
  return as === "to-string" ? String(value) : Number(value);
}

function readMatch([input, ...arms]: Json[], found: Reading): void {
  const field = inputOf(input);
  if (field === null) return;
  const labels = arms.filter((_, place) => place % 2 === 0 && place < arms.length - 1).flat() as (string | number)[];
  found.labels.push({ ...field, labels });
}

function readRange(head: string, rest: Json[], found: Reading): void {
  const [input, ...outputs] = head === "step" ? rest : rest.slice(1);
  const field = inputOf(input);
  const stops = (head === "step" ? outputs.slice(1) : outputs).filter((_, place) => place % 2 === 0);
  if (field !== null && stops.every((stop) => typeof stop === "number")) found.ranges.push({ ...field, head, stops });
}

/** The expression with another in place of each ["id"]. */
export function withoutId(node: Json, instead: Json): Json {
  if (!Array.isArray(node) || node[0] === "literal") return node;
  if (node.length === 1 && node[0] === "id") return instead;
  return node.map((part) => withoutId(part, instead));
}
