// The operators of the Style Spec that a legend can follow, by their names: each takes the arguments as they stand and
// what evaluates them. One that is not here, or that meets what MapLibre would fail on, is Unknown.

import type { Json } from "../state/types.ts";
import { isColor, mixed } from "./colors.ts";
import { number, orUnknown, text, Unknown, type World } from "./world.ts";

type Of = (inner: Json) => Json;
type Operator = (rest: Json[], of: Of, world: World) => Json;

const numbers = (run: (...values: number[]) => number): Operator => (rest, of) => number(run(...rest.map((one) => number(of(one)))));

const compared = (run: (a: any, b: any) => boolean): Operator => (rest, of) => {
  const [a, b] = [of(rest[0]!), of(rest[1]!)];
  if (typeof a !== typeof b || (typeof a !== "number" && typeof a !== "string")) throw new Unknown();
  return run(a, b);
};

const equal = (rest: Json[], of: Of): boolean => text(of(rest[0]!)) === text(of(rest[1]!));

/** One that is `end` decides, whatever is unknown of the others. */
const joined = (end: boolean): Operator => (rest, of) => {
  const values = rest.map((one) => orUnknown(() => of(one)));
  if (values.includes(end)) return end;
  if (values.includes(undefined)) throw new Unknown();
  return !end;
};

function toNumber(value: Json): number | null {
  if (value === null || value === false) return 0;
  const made = typeof value === "object" ? NaN : Number(value);
  return Number.isFinite(made) ? made : null;
}

const toText = (value: Json): string => (value === null ? "" : typeof value === "string" ? value : text(value));

/** The first of them that is of the type, as ["number", a, b] has it. */
const asserted = (type: string): Operator => (rest, of) => {
  for (const one of rest) {
    const value = of(one);
    if (typeof value === type) return value;
  }
  throw new Unknown();
};

function step([input, first, ...stops]: Json[], of: Of): Json {
  const at = number(of(input!));
  let found = first!;
  for (let i = 0; i + 1 < stops.length; i += 2) if (at >= number(stops[i]!)) found = stops[i + 1]!;
  return of(found);
}

function interpolated([how, input, ...stops]: Json[], of: Of): Json {
  const at = number(of(input!));
  const inputs = stops.filter((_, i) => i % 2 === 0).map(number);
  const output = (i: number): Json => of(stops[2 * i + 1] ?? null);
  const upper = inputs.findIndex((stop) => at < stop);
  if (upper === 0) return output(0);
  if (upper < 0) return output(inputs.length - 1);
  const [from, to] = [inputs[upper - 1]!, inputs[upper]!];
  return between(output(upper - 1), output(upper), share(how!, at - from, to - from));
}

/** How far between two stops: a bezier is taken as straight, which is right at the stops. */
function share(how: Json, done: number, whole: number): number {
  const base = Array.isArray(how) && how[0] === "exponential" ? number(how[1]!) : 1;
  return base === 1 ? done / whole : (base ** done - 1) / (base ** whole - 1);
}

function between(a: Json, b: Json, by: number): Json {
  if (by === 0) return a;
  if (typeof a === "number" && typeof b === "number") return a + (b - a) * by;
  if (!isColor(a) || !isColor(b)) throw new Unknown();
  return mixed(a, b, by);
}

function matched([input, ...rest]: Json[], of: Of): Json {
  const value = of(input!);
  for (let i = 0; i + 1 < rest.length; i += 2) {
    const labels = Array.isArray(rest[i]) ? (rest[i] as Json[]) : [rest[i]!];
    if (labels.includes(value)) return of(rest[i + 1]!);
  }
  return of(rest.at(-1)!);
}

function cased(rest: Json[], of: Of): Json {
  for (let i = 0; i + 1 < rest.length; i += 2) {
    const condition = of(rest[i]!);
    if (typeof condition !== "boolean") throw new Unknown();
    if (condition) return of(rest[i + 1]!);
  }
  return of(rest.at(-1)!);
}

function coalesced(rest: Json[], of: Of): Json {
  for (const one of rest) {
    const value = of(one);
    if (value !== null) return value;
  }
  return null;
}

function contains([what, where]: Json[], of: Of): Json {
  const [value, list] = [of(what!), of(where!)];
  if (typeof list === "string") return list.includes(toText(value));
  if (!Array.isArray(list)) throw new Unknown();
  return list.some((one) => text(one) === text(value));
}

function has([name, ...more]: Json[], _: Of, { known }: World): Json {
  const assumed = more.length ? undefined : known.get(text(["get", name!]));
  if (assumed === undefined) throw new Unknown();
  return assumed !== null;
}

const colour: Operator = (rest, of) => {
  const parts = rest.map((one) => number(of(one)));
  return `rgba(${parts.slice(0, 3).map(Math.round).join(", ")}, ${parts[3] ?? 1})`;
};

const unknown: Operator = () => {
  throw new Unknown();
};

export const OPERATORS: { [name: string]: Operator } = {
  literal: ([value]) => value!,
  zoom: (_, __, { zoom }) => zoom,
  get: unknown, // unless it is assumed
  has,
  step,
  interpolate: interpolated,
  "interpolate-hcl": interpolated,
  "interpolate-lab": interpolated,
  match: matched,
  case: cased,
  coalesce: coalesced,
  in: contains,
  "!": ([one], of) => {
    const value = of(one!);
    if (typeof value !== "boolean") throw new Unknown();
    return !value;
  },
  all: joined(false),
  any: joined(true),
  "==": (rest, of) => equal(rest, of),
  "!=": (rest, of) => !equal(rest, of),
  "<": compared((a, b) => a < b),
  "<=": compared((a, b) => a <= b),
  ">": compared((a, b) => a > b),
  ">=": compared((a, b) => a >= b),
  "+": numbers((...all) => all.reduce((a, b) => a + b, 0)),
  "*": numbers((...all) => all.reduce((a, b) => a * b, 1)),
  "-": numbers((a, b) => (b === undefined ? -a! : a! - b)),
  "/": numbers((a, b) => a! / b!),
  "%": numbers((a, b) => a! % b!),
  "^": numbers((a, b) => a! ** b!),
  min: numbers(Math.min),
  max: numbers(Math.max),
  abs: numbers((a) => Math.abs(a!)),
  ceil: numbers((a) => Math.ceil(a!)),
  floor: numbers((a) => Math.floor(a!)),
  round: numbers((a) => Math.round(a!)),
  sqrt: numbers((a) => Math.sqrt(a!)),
  ln: numbers((a) => Math.log(a!)),
  log2: numbers((a) => Math.log2(a!)),
  log10: numbers((a) => Math.log10(a!)),
  number: asserted("number"),
  string: asserted("string"),
  boolean: asserted("boolean"),
  "to-number": (rest, of) => {
    for (const one of rest) {
      const made = toNumber(of(one));
      if (made !== null) return made;
    }
    throw new Unknown();
  },
  "to-string": ([one], of) => toText(of(one!)),
  "to-boolean": ([one], of) => Boolean(of(one!)),
  "to-color": coalesced,
  typeof: ([one], of) => {
    const value = of(one!);
    return value === null ? "null" : typeof value === "object" ? "object" : typeof value;
  },
  concat: (rest, of) => rest.map((one) => toText(of(one))).join(""),
  downcase: ([one], of) => toText(of(one!)).toLowerCase(),
  upcase: ([one], of) => toText(of(one!)).toUpperCase(),
  rgb: colour,
  rgba: colour,
};
