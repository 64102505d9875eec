// The Style Spec's old functions, {"stops": ...}, as the expressions that do the same. Maps of earlier days have them.

import type { Json, JsonObject } from "../state/types.ts";

/** An expression for a function; anything else as it is. */
export function asExpression(value: Json): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { property, type, stops, base, default: otherwise } = value as JsonObject;
  const input: Json = typeof property === "string" ? ["get", property] : ["zoom"];
  if (type === "identity") return otherwise === undefined ? input : ["coalesce", input, otherwise];
  if (!Array.isArray(stops) || !stops.every((stop) => Array.isArray(stop) && typeof stop[0] !== "object")) return value;
  const pairs = stops as [Json, Json][];
  if (type === "categorical") return ["match", input, ...pairs.flat(1), otherwise ?? null] as Json;
  if (type === "interval") return ["step", input, pairs[0]![1], ...pairs.slice(1).flat(1)] as Json;
  return ["interpolate", ["exponential", base ?? 1], input, ...pairs.flat(1)] as Json;
}
