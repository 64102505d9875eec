// What an expression turns on: the one step, interpolate, match or case in it that looks at the data, and what of the
// data that looks at. Around it may stand what only the zoom decides, arithmetic, and guards against missing values.

import type { Json } from "../state/types.ts";
import { evaluate, orUnknown, text, type World } from "./evaluate.ts";

export type Driver = [string, ...Json[]];

const INPUT: { [name: string]: number } = { step: 1, interpolate: 2, "interpolate-hcl": 2, "interpolate-lab": 2, match: 1 };
const FIRST_OUTPUT: { [name: string]: number } = { step: 2, interpolate: 4, "interpolate-hcl": 4, "interpolate-lab": 4 };
const DEEPEST = 20;

export const inputOf = (driver: Driver): Json => driver[INPUT[driver[0]]!]!;

export function driverOf(expression: Json, world: World, depth = 0): Driver | null {
  if (!Array.isArray(expression) || expression[0] === "literal" || depth > DEEPEST) return null;
  const [name] = expression as Driver;
  if (Object.hasOwn(INPUT, name)) {
    if (orUnknown(() => evaluate(inputOf(expression as Driver), world)) === undefined) return expression as Driver;
    return driverOf(activeOutput(expression as Driver, world), world, depth + 1);
  }
  if (name === "case") return caseDriver(expression as Driver, world, depth);
  for (const one of expression.slice(1)) {
    const found = driverOf(one, world, depth + 1);
    if (found) return found;
  }
  return null;
}

/** Of one that the zoom decides: the output that it has reached. Outputs between two are of one make, or not read. */
function activeOutput(node: Driver, world: World): Json {
  const at = evaluate(inputOf(node), world);
  if (node[0] === "match") return matchOutput(node, at);
  let found = node[FIRST_OUTPUT[node[0]]!]!;
  for (let i = FIRST_OUTPUT[node[0]]! + 1; i + 1 < node.length; i += 2) if (Number(at) >= Number(node[i])) found = node[i + 1]!;
  return found;
}

function matchOutput(node: Driver, at: Json): Json {
  for (let i = 2; i + 1 < node.length; i += 2) if ([node[i]!].flat().includes(at)) return node[i + 1]!;
  return node.at(-1)!;
}

/** A case that only guards against missing values leaves the word to what stands in it. */
function caseDriver(node: Driver, world: World, depth: number): Driver | null {
  const outputs = outputsOf(node);
  for (let i = 1; i + 1 < node.length; i += 2) {
    const met = orUnknown(() => evaluate(node[i]!, world));
    if (met === true) return driverOf(node[i + 1]!, world, depth + 1);
    if (met === undefined) {
      const inner = outputs.map((one) => driverOf(one, world, depth + 1)).find(Boolean);
      return inner && guardsOnly(node, inner, world) ? inner : node;
    }
  }
  return driverOf(node.at(-1)!, world, depth + 1);
}

export const outputsOf = (node: Driver): Json[] => node.filter((_, i) => i > 0 && (i % 2 === 0 || i === node.length - 1));

export const conditionsOf = (node: Driver): Json[] => node.filter((_, i) => i % 2 === 1 && i < node.length - 1);

/** Whether all conditions only tell a missing value from one that is there. */
function guardsOnly(node: Driver, inner: Driver, world: World): boolean {
  if (inner[0] === "case") return false;
  const { core } = peeled(inputOf(inner));
  const values = inner.filter((one) => typeof one === "number").slice(0, 3);
  const seen = (value: Json): World => ({ ...world, known: new Map(world.known).set(text(core), value) });
  return conditionsOf(node).every((one) => {
    const missing = orUnknown(() => evaluate(one, seen(null)));
    const there = (values.length ? values : ["", "\u0000"]).map((value) => orUnknown(() => evaluate(one, seen(value))));
    return typeof missing === "boolean" && there.every((value) => value === !missing);
  });
}

const BACK: { [name: string]: (value: number) => number } = { log10: (v) => 10 ** v, ln: Math.exp, log2: (v) => 2 ** v, sqrt: (v) => v * v };
const COERCED = new Set(["to-number", "number", "to-string", "string"]);

/** What an input is of, without what only makes it a number; `back` leads from the input's values to that one's. */
export function peeled(input: Json): { core: Json; back: (value: number) => number } {
  if (Array.isArray(input) && typeof input[0] === "string") {
    const [name, inner, ...more] = input as [string, Json, ...Json[]];
    if (COERCED.has(name) || (name === "coalesce" && more.length === 1 && !Array.isArray(more[0]))) return peeled(inner);
    if (Object.hasOwn(BACK, name)) {
      const { core, back } = peeled(inner);
      return { core, back: (value) => back(BACK[name]!(value)) };
    }
  }
  return { core: input, back: (value) => value };
}
