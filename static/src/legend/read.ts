// One property of a style in a legend's terms: one value for all; classes, each with its value; a ramp between stops; a
// value that each feature brings along; or not to be read.
//
// Found is what the expression turns on (driver.ts); then the whole expression is evaluated as if the data had this or
// that value, so what stands around it, at this zoom, counts too. What comes out is what MapLibre draws, or nothing.

import type { Json } from "../state/types.ts";
import { hiddenBranches, sharedSubject } from "./branches.ts";
import { conditionsOf, driverOf, inputOf, peeled, type Driver } from "./driver.ts";
import { evaluate, orUnknown, text, Unknown, type World } from "./evaluate.ts";
import { shortNumbers } from "./numbers.ts";
import { hidesAll, numbersIn, OTHER, othersThan } from "./samples.ts";
import { condition, term } from "./words.ts";

export interface Class {
  label: string;
  value: Json;
  hidden: boolean; // by a filter
}

export type Reading =
  | { kind: "same"; value: Json }
  | { kind: "classes"; of: string; classes: Class[]; more: number }
  | { kind: "ramp"; of: string; stops: Class[]; gaps: boolean[]; none: Class | null } // gaps: what lies behind a stop is hidden
  | { kind: "own"; of: string; none: Class | null }
  | { kind: "unread" };

export interface Look {
  zoom: number;
  locale?: string | undefined;
  filters: Json[];
}

export const MOST_CLASSES = 12; // that a legend shows; the others are counted
const NO_DATA = "no data";
const REST = "other";
const UNREAD: Reading = { kind: "unread" };
const NOTHING: ReadonlyMap<string, Json> = new Map();

export function read(expression: Json, look: Look): Reading {
  return orUnknown(() => readIn(expression, look, { zoom: look.zoom, known: NOTHING })) ?? UNREAD;
}

function readIn(expression: Json, look: Look, world: World): Reading {
  const constant = orUnknown(() => evaluate(expression, world));
  if (constant !== undefined) return { kind: "same", value: constant };
  const driver = driverOf(expression, world);
  if (!driver) return own(expression, world);
  return READERS[driver[0]]!(expression, driver, look, world);
}

type Reader = (expression: Json, driver: Driver, look: Look, world: World) => Reading;

/** What a driver looks at, and the world in which its input has a value. */
function subject(driver: Driver, look: Look, world: World) {
  const input = inputOf(driver);
  const { core, back } = peeled(input);
  const of = term(core, look.locale);
  if (of === null) throw new Unknown();
  const assume = (value: Json): World => {
    const given = typeof value === "number" ? back(value) : value;
    return { ...world, known: new Map(world.known).set(text(core), given).set(text(input), value) };
  };
  const missing: World = { ...world, known: new Map(world.known).set(text(core), null) };
  const direct = (value: Json): World => ({ ...world, known: new Map(world.known).set(text(core), value) });
  return { of, back, assume, missing, direct };
}

type Subject = ReturnType<typeof subject>;

/** What stands for missing values, where the style says so and it is not one of these. */
function noData(expression: Json, { missing, direct }: Subject, others: Json[], filters: Json[]): Class | null {
  const value = orUnknown(() => evaluate(expression, missing));
  if (value === undefined || value === null || others.includes(value)) return null;
  if (value === orUnknown(() => evaluate(expression, direct(0)))) return null; // it counts as 0
  return { label: NO_DATA, value, hidden: hidesAll(filters, [null], () => missing) };
}

const stepped: Reader = (expression, driver, look, world) => {
  const about = subject(driver, look, world);
  const breaks = ascending(driver.filter((_, i) => i > 2 && i % 2 === 1));
  const labels = shortNumbers(breaks.map(about.back), look.locale);
  const ranges = [-Infinity, ...breaks].map((low, i) => [low, breaks[i] ?? Infinity] as const);
  const classes = ranges.map(([low, high], i): Class => {
    const at = Number.isFinite(low) ? low : high - 1;
    const values = numbersIn(about.back(low), about.back(high), look.filters);
    const label = i === 0 ? `< ${labels[0]}` : i === breaks.length ? `≥ ${labels.at(-1)}` : `${labels[i - 1]} – ${labels[i]}`;
    return { label, value: evaluate(expression, about.assume(at)), hidden: hidesAll(look.filters, values, about.direct) };
  });
  const none = noData(expression, about, classes.map((one) => one.value), look.filters);
  return bounded(about.of, classes, none ? [none] : []);
};

const ramped: Reader = (expression, driver, look, world) => {
  const about = subject(driver, look, world);
  const at = withMiddle(ascending(driver.filter((_, i) => i > 2 && i % 2 === 1)), (value) => evaluate(expression, about.assume(value)));
  const labels = shortNumbers(at.map(about.back), look.locale);
  const stops = at.map((value, i): Class => ({
    label: labels[i]!,
    value: evaluate(expression, about.assume(value)),
    hidden: hidesAll(look.filters, [about.back(value)], about.direct),
  }));
  const gaps = at.slice(1).map((high, i) => hidesAll(look.filters, numbersIn(about.back(at[i]!), about.back(high), look.filters, true), about.direct));
  return { kind: "ramp", of: about.of, stops, gaps, none: noData(expression, about, stops.map((one) => one.value), look.filters) };
};

/** Of two sizes nobody guesses the third; between two colours the ramp shows it. */
const withMiddle = (at: number[], value: (at: number) => Json): number[] =>
  at.length === 2 && typeof value(at[0]!) === "number" ? [at[0]!, (at[0]! + at[1]!) / 2, at[1]!] : at;

const matched: Reader = (expression, driver, look, world) => {
  const about = subject(driver, look, world);
  const groups = driver.filter((_, i) => i > 1 && i % 2 === 0 && i < driver.length - 1).map((one) => [one].flat());
  const classes = groups.slice(0, MOST_CLASSES).map((labels): Class => ({
    label: named(labels, look.locale),
    value: evaluate(expression, about.assume(labels[0]!)),
    hidden: hidesAll(look.filters, labels, about.direct),
  }));
  const rest = evaluate(expression, about.assume(OTHER));
  const hidden = hidesAll(look.filters, othersThan(groups.flat(), look.filters), about.direct);
  const none = noData(expression, about, [...classes.map((one) => one.value), rest], look.filters);
  return bounded(about.of, classes, [{ label: REST, value: rest, hidden }, ...(none ? [none] : [])], groups.length);
};

const LONG = 3; // labels of one class that are named

function named(labels: Json[], locale?: string): string {
  const names = labels.map((one) => term(one, locale) ?? "");
  return names.slice(0, LONG).join(", ") + (names.length > LONG ? " …" : "");
}

/** Each branch on its own, as if its condition and none before it were met. */
const cased: Reader = (expression, driver, look, world) => {
  const conditions = conditionsOf(driver);
  const short = (value: number): string => shortNumbers([value], look.locale)[0]!;
  const labels = conditions.map((one) => condition(one, look.locale, short));
  if (labels.includes(null)) throw new Unknown();
  const hidden = hiddenBranches(conditions, look.filters, world);
  const branches = [...labels, REST].map((label, i): Class[] => {
    const known = new Map(world.known);
    conditions.slice(0, i + 1).forEach((one, j) => known.set(text(one), j === i));
    return branch(label!, readIn(expression, look, { ...world, known }), hidden[i]!);
  });
  const missing = (one: Class[]): boolean => one[0]!.label.startsWith("no ");
  const classes = [...branches.filter((one) => !missing(one)), ...branches.filter(missing)].flat();
  const of = sharedSubject(labels as string[]);
  const cut = (one: Class): Class => (of && one.label.startsWith(`${of} `) ? { ...one, label: one.label.slice(of.length + 1).replace(/^(?:=|is) /, "") } : one);
  return bounded(of, classes.map(cut), []);
};

function branch(label: string, reading: Reading, hidden: boolean): Class[] {
  if (reading.kind === "same") return [{ label, value: reading.value, hidden }];
  if (reading.kind !== "classes" || reading.more) throw new Unknown();
  return reading.classes.map((one) => ({ ...one, label: `${label}, ${reading.of} ${one.label}`, hidden: hidden || one.hidden }));
}

const READERS: { [name: string]: Reader } = {
  step: stepped,
  interpolate: ramped,
  "interpolate-hcl": ramped,
  "interpolate-lab": ramped,
  match: matched,
  case: cased,
};

function ascending(values: Json[]): number[] {
  if (!values.length || !values.every((value, i) => typeof value === "number" && (i === 0 || value > Number(values[i - 1])))) throw new Unknown();
  return values as number[];
}

function bounded(of: string, classes: Class[], last: Class[], all = classes.length): Reading {
  return { kind: "classes", of, classes: [...classes.slice(0, MOST_CLASSES), ...last], more: Math.max(0, all - MOST_CLASSES) };
}

/** A value that the feature itself has, such as a colour by its property. */
function own(expression: Json, world: World): Reading {
  if (!Array.isArray(expression)) return UNREAD;
  const [name, inner] = expression;
  if (name === "get" && typeof inner === "string") return { kind: "own", of: inner, none: null };
  if (name !== "to-color" && name !== "coalesce" && name !== "to-number" && name !== "number") return UNREAD;
  const found = own(inner!, world);
  if (found.kind !== "own") return UNREAD;
  const missing: World = { ...world, known: new Map(world.known).set(text(["get", found.of]), null) };
  const value = orUnknown(() => evaluate(expression, missing));
  return { ...found, none: name === "coalesce" && value !== undefined && value !== null ? { label: NO_DATA, value, hidden: false } : null };
}
