// Which properties of the data an expression or a filter reads: what "by population" is told from.

import type { Json } from "../state/types.ts";

const MAX_NODES = 500; // of an expression that are looked at
const READS = new Set(["get", "has", "!has", "feature-state"]);
const COMPARES = new Set(["==", "!=", "<", "<=", ">", ">=", "in", "!in"]); // whose second member is a property in old filters
const TOKEN = /\{([^{}]{1,80})\}/g; // "{name}" in a text
const INNER = new Set(["$type", "$id"]);

/** The names, each once, in the order in which they stand there. */
export function fieldsOf(value: Json | undefined): string[] {
  const found = new Set<string>();
  const waiting: Json[] = value === undefined ? [] : [value];
  for (let nodes = 0; waiting.length && nodes < MAX_NODES; nodes++) {
    const item = waiting.shift()!;
    if (typeof item === "string") for (const [, name] of item.matchAll(TOKEN)) found.add(name!);
    if (!Array.isArray(item)) {
      if (item && typeof item === "object" && Array.isArray(item.stops) && typeof item.property === "string") found.add(item.property);
      continue;
    }
    const [operator, first] = item;
    const reads = typeof operator === "string" && (READS.has(operator) || COMPARES.has(operator));
    if (reads && typeof first === "string" && !INNER.has(first)) found.add(first);
    if (operator !== "literal") waiting.unshift(...item.slice(1).filter((one) => Array.isArray(one)));
  }
  return [...found];
}
