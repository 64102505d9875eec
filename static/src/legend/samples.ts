// Which values stand for a class ("10 to 50"), so that a filter can be asked whether it lets any of them pass. Between
// two numbers that a filter names its answer is the same, so those numbers and what lies right beside them are enough.

import type { Json } from "../state/types.ts";
import { passes, type World } from "./evaluate.ts";

/** Stands for every text that no class is named by. */
export const OTHER = "\u0000other";

const MOST = 200; // literals of a filter that are tried
const BESIDE = 1e-9; // of a number's size

/** The worlds in which a value is taken on. */
export type Assume = (value: Json) => World;

/** Whether the filters let nothing of a class pass. What is not known is taken to pass. */
export function hidesAll(filters: Json[], values: Json[], assume: Assume): boolean {
  if (!filters.length || !values.length) return false;
  return values.every((value) => filters.some((filter) => passes(filter, assume(value)) === false));
}

/** Of the numbers from `low` up to but not with `high`; of those strictly between, where `open`. */
export function numbersIn(low: number, high: number, filters: Json[], open = false): number[] {
  const inside = (value: number): boolean => (open ? value > low : value >= low) && value < high;
  const edges = literalsOf(filters).filter((one): one is number => typeof one === "number");
  const near = edges.flatMap((edge) => [edge - beside(edge), edge, edge + beside(edge)]);
  const below = Number.isFinite(high) ? [high - beside(high), high - 1 - Math.abs(high)] : [];
  return [low, low + beside(low), ...below, ...near].filter((value) => Number.isFinite(value) && inside(value));
}

/** Of the texts and other values that are none of these. */
export function othersThan(labels: Json[], filters: Json[]): Json[] {
  return [OTHER, ...literalsOf(filters)].filter((one) => !labels.includes(one));
}

const beside = (value: number): number => Math.max(1, Math.abs(value)) * BESIDE;

/** The plain values that expressions compare with. */
export function literalsOf(expressions: Json[]): Json[] {
  const found = new Set<Json>();
  const look = (value: Json): void => {
    if (found.size >= MOST) return;
    if (Array.isArray(value)) value.slice(typeof value[0] === "string" ? 1 : 0).forEach(look);
    else if (typeof value !== "object" || value === null) found.add(value);
  };
  for (const one of expressions) if (Array.isArray(one)) look(one);
  return [...found];
}
