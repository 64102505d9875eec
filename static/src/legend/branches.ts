// The branches of a case, side by side: which of them a filter leaves nothing of, and what all their names begin with.

import type { Json } from "../state/types.ts";
import { evaluate, orUnknown, text, type World } from "./evaluate.ts";
import { hidesAll, literalsOf, numbersIn, OTHER } from "./samples.ts";

/** Where all conditions look at one property, its values tell which branch a filter leaves nothing of. */
export function hiddenBranches(conditions: Json[], filters: Json[], world: World): boolean[] {
  const property = onlyProperty(conditions);
  if (property === null || !filters.length) return [...conditions, null].map(() => false);
  const direct = (value: Json): World => ({ ...world, known: new Map(world.known).set(text(["get", property]), value) });
  const all = [...conditions, ...filters];
  const named = literalsOf(all).filter((one) => typeof one !== "number" && one !== property);
  const tried: Json[] = [...numbersIn(-Infinity, Infinity, all), ...named, ...(named.some((one) => typeof one === "string") ? [OTHER] : [])];
  const reached = (value: Json): number => {
    const at = conditions.findIndex((one) => orUnknown(() => evaluate(one, direct(value))) === true);
    return at < 0 ? conditions.length : at;
  };
  return [...conditions, null].map((_, i) => hidesAll(filters, tried.filter((value) => reached(value) === i), direct));
}

function onlyProperty(conditions: Json[]): string | null {
  const found = new Set<Json>();
  const look = (value: Json): void => {
    if (!Array.isArray(value)) return;
    if (value[0] === "get" || value[0] === "has") found.add(value.length === 2 ? value[1]! : null);
    else value.slice(1).forEach(look);
  };
  conditions.forEach(look);
  const [only] = found;
  return found.size === 1 && typeof only === "string" ? only : null;
}

/** What all labels begin with, as in "pop ≥ 10" and "pop ≥ 5"; empty where they do not. */
export function sharedSubject(labels: string[]): string {
  const firsts = labels.filter((one) => !one.startsWith("no ")).map((one) => /^(.+) (?:[=≠<≤>≥]|is(?: not)?) /.exec(one)?.[1] ?? "");
  return firsts.length > 0 && new Set(firsts).size === 1 ? firsts[0]! : "";
}
