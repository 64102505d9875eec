// What is taken for given while an expression is evaluated, and what is said where that is not enough.

import type { Json } from "../state/types.ts";

/** What is assumed: a zoom, and what parts of expressions come to, by their text. */
export interface World {
  zoom: number;
  known: ReadonlyMap<string, Json>;
}

/** It depends on what is not known here, or MapLibre itself would fail on it. */
export class Unknown extends Error {}

export const text = (expression: Json): string => JSON.stringify(expression);

/** The value, or undefined where it is unknown. */
export function orUnknown<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

export function number(value: Json): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Unknown();
  return value;
}
