// What a Style Spec expression comes to, where that can be said without a feature: by the zoom, and by what is assumed
// of parts of it ("if the population were 1,000"). All else is Unknown: a legend says what it does not know, and never
// guesses. Colours stay texts as CSS has them; one between two of them is CSS's own color-mix, as MapLibre mixes.

import type { Json } from "../state/types.ts";
import { OPERATORS } from "./operators.ts";
import { orUnknown, text, Unknown, type World } from "./world.ts";

export { orUnknown, text, Unknown, type World };

const DEEPEST = 40; // expressions within expressions; the server takes fewer from anybody

export function evaluate(expression: Json, world: World, depth = 0): Json {
  if (depth > DEEPEST) throw new Unknown();
  if (!Array.isArray(expression)) {
    if (typeof expression === "object" && expression !== null) throw new Unknown();
    return expression;
  }
  const assumed = world.known.get(text(expression));
  if (assumed !== undefined) return assumed;
  const [name, ...rest] = expression;
  const operator = typeof name === "string" && Object.hasOwn(OPERATORS, name) ? OPERATORS[name]! : null;
  if (!operator) throw new Unknown();
  return operator(rest, (inner) => evaluate(inner, world, depth + 1), world);
}

/** Whether a filter lets pass; undefined where that is not known. */
export function passes(filter: Json, world: World): boolean | undefined {
  const value = orUnknown(() => evaluate(filter, world));
  return typeof value === "boolean" ? value : undefined;
}
