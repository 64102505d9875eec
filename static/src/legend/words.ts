// Expressions in words: what a style is driven by ("population / area"), and what a filter lets pass ("pop ≥ 1,000").
// null where there are no plain words for it.

import type { Json } from "../state/types.ts";
import { wholeNumber } from "./numbers.ts";

const MOST_NAMED = 5; // of a list; the others are counted
const DEEPEST = 12; // conditions within conditions that anybody would read
const SIGNS: { [name: string]: string } = { "==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥" };
const TURNED: { [name: string]: string } = { "==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };
const OPPOSITE: { [name: string]: string } = { "==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<" };
const BETWEEN: { [name: string]: string } = { "/": " / ", "*": " × ", "-": " − ", "+": " + " };
const NAMES: { [name: string]: string } = { zoom: "zoom", id: "id", "geometry-type": "geometry", "heatmap-density": "density", "line-progress": "way along the line", elevation: "elevation" };
const PEELED = new Set(["to-number", "number", "to-string", "string", "to-boolean", "boolean", "downcase", "upcase", "to-color"]);
const CALLED: { [name: string]: string } = { sqrt: "√", log10: "log ", ln: "ln ", log2: "log₂ ", length: "length of ", abs: "size of " };

type Say = (value: number) => string;

const saying = (locale?: string): Say => (value) => wholeNumber(value, locale);

/** What an expression is about. */
export function term(expression: Json, locale?: string): string | null {
  return termBy(expression, saying(locale), 0);
}

function termBy(expression: Json, say: Say, depth: number): string | null {
  if (depth > DEEPEST) return null;
  if (!Array.isArray(expression)) return plain(expression, say);
  const [name, ...rest] = expression as [string, ...Json[]];
  if (Object.hasOwn(NAMES, name)) return NAMES[name]!;
  if (name === "get" && typeof rest[0] === "string" && rest.length === 1) return rest[0];
  if (name === "literal" && !Array.isArray(rest[0])) return plain(rest[0]!, say);
  const inner = rest.map((one) => termBy(one, say, depth + 1));
  if (PEELED.has(name) || (name === "coalesce" && !Array.isArray(rest[1]))) return inner[0] ?? null;
  if (inner.includes(null)) return null;
  if (Object.hasOwn(CALLED, name)) return `${CALLED[name]}${inner[0]}`;
  if (Object.hasOwn(BETWEEN, name) && rest.length > 1) return inner.map((one, i) => (isSum(rest[i]!) ? `(${one})` : one)).join(BETWEEN[name]);
  return null;
}

const isSum = (expression: Json): boolean => Array.isArray(expression) && (expression[0] === "+" || expression[0] === "-");

function plain(value: Json, say: Say): string | null {
  if (typeof value === "number") return say(value);
  if (typeof value === "string") return value === "" ? "empty" : value;
  if (typeof value === "boolean") return value ? "true" : "false";
  return value === null ? "none" : null;
}

/** What a filter lets pass. `say` writes numbers, where they are to be short. */
export function condition(filter: Json, locale?: string, say: Say = saying(locale)): string | null {
  return said(filter, say, 0);
}

function said(filter: Json, say: Say, depth: number): string | null {
  if (depth > DEEPEST) return null;
  if (typeof filter === "boolean") return filter ? "all" : "none";
  if (!Array.isArray(filter)) return null;
  const [name, ...rest] = filter as [string, ...Json[]];
  const way = Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name]! : Object.hasOwn(SIGNS, name) ? comparison : null;
  return way ? way(rest, say, depth, name) : null;
}

type Way = (rest: Json[], say: Say, depth: number, name: string) => string | null;

const comparison: Way = (rest, say, depth, name) => {
  let [a, b, sign] = [rest[0]!, rest[1]!, name];
  // A value on the left reads the wrong way round, but in the old syntax that text is a property's name.
  if (!Array.isArray(a) && Array.isArray(b)) [a, b, sign] = [b, a, TURNED[name]!];
  if (isNull(b) || (isTypeof(a) && b === "null")) {
    const of = termBy(isTypeof(a) ? (a as Json[])[1]! : a, say, depth);
    return of && (sign === "==" ? `no ${of}` : sign === "!=" ? `has ${of}` : null);
  }
  if (typeof b === "boolean" && Array.isArray(a) && (sign === "==" || sign === "!=")) {
    const of = termBy(a, say, depth);
    return of && ((sign === "==") === b ? of : `not ${of}`);
  }
  const [left, right] = [termBy(a, say, depth), termBy(b, say, depth)];
  return left !== null && right !== null ? `${left} ${SIGNS[sign]} ${right}` : null;
};

const isNull = (value: Json): boolean => value === null || (Array.isArray(value) && value[0] === "literal" && value[1] === null);
const isTypeof = (value: Json): boolean => Array.isArray(value) && value[0] === "typeof";

const several = (word: string): Way => (rest, say, depth) => {
  const all = rest.map((one) => {
    const words = said(one, say, depth + 1);
    const mixed = Array.isArray(one) && (one[0] === "any" || one[0] === "all") && one.length > 2;
    return words && mixed ? `(${words})` : words;
  });
  return all.length && all.every((one) => one !== null) ? all.join(word) : null;
};

function isOneOf(of: string | null, values: Json, say: Say, sign = "is"): string | null {
  const list = Array.isArray(values) ? values : [values];
  const names = list.map((one) => (Array.isArray(one) ? null : plain(one, say)));
  if (of === null || !names.length || names.includes(null)) return null;
  if (names.length === 1) return `${of} ${sign === "is" ? "=" : "≠"} ${names[0]}`;
  const shown = names.slice(0, MOST_NAMED);
  const last = names.length > shown.length ? `${names.length - shown.length} more` : shown.pop();
  return `${of} ${sign} ${shown.join(", ")} or ${last}`;
}

const listed: Way = (rest, say, depth) => {
  const [what, where, ...more] = rest;
  if (more.length || (typeof what === "string" && !Array.isArray(where))) return isOneOf(termBy(what!, say, depth), rest.slice(1), say);
  if (Array.isArray(where) && where[0] === "literal") return isOneOf(termBy(what!, say, depth), where[1]!, say);
  const [part, whole] = [termBy(what!, say, depth), termBy(where!, say, depth)];
  return part !== null && whole !== null ? `${whole} contains ${part}` : null;
};

const negated: Way = ([one], say, depth) => {
  const [name, ...rest] = Array.isArray(one) ? (one as [string, ...Json[]]) : [""];
  if (name === "has") return typeof rest[0] === "string" ? `no ${rest[0]}` : null;
  if (name === "in" && Array.isArray(rest[1]) && rest[1][0] === "literal") return isOneOf(termBy(rest[0]!, say, depth), rest[1][1]!, say, "is not");
  if (Object.hasOwn(OPPOSITE, name)) return comparison(rest, say, depth, OPPOSITE[name]!);
  const words = said(one!, say, depth + 1);
  return words && (/ /.test(words) ? `not (${words})` : `not ${words}`);
};

const chosen: Way = ([input, labels, yes, no, ...more], say, depth) => {
  if (more.length || typeof yes !== "boolean" || no !== !yes) return null;
  return isOneOf(termBy(input!, say, depth), labels!, say, yes ? "is" : "is not");
};

const truth: Way = ([what], say, depth, name) => termBy([name, what!], say, depth);

const CONDITIONS: { [name: string]: Way } = {
  all: several(" and "),
  any: several(" or "),
  "!": negated,
  has: ([name, ...more]) => (typeof name === "string" && !more.length ? `has ${name}` : null),
  "!has": ([name]) => (typeof name === "string" ? `no ${name}` : null),
  in: listed,
  "!in": ([name, ...values], say, depth) => isOneOf(termBy(name!, say, depth), values, say, "is not"),
  match: chosen,
  get: truth,
  "to-boolean": truth,
  boolean: truth,
  within: () => "inside an area",
};
