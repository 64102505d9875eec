// What a feature is called, and how its values read: numbers as the reader's language writes them, links where an
// address of the web stands. Pure; every text is a stranger's, and stays text.

import { wholeNumber } from "../legend/numbers.ts";

export const LONG = 120; // characters of a value, or of a name, that is shown whole
export const MOST_ROWS = 12; // properties that are shown at once; the others are folded
const LONGEST = 20_000; // characters of a value that are on the page at all

const NAMES = ["name", "Name", "NAME", "title", "Title", "label", "Label", "name_en", "name:en"];
// Numbers that count nothing: a separator in them would only hinder.
const NO_QUANTITY = /(?:^|[^a-z])(?:id|ids|code|zip|plz|postcode|year|phone|tel|fips|isbn|ref|number|nr|no)$/i;

export type Properties = { readonly [key: string]: unknown };

export type Value =
  | { kind: "text"; text: string }
  | { kind: "link"; text: string; href: string }
  | { kind: "long"; short: string; text: string };

/** Under which of its properties a feature has its name; in the reader's language where it has that. */
export function nameKey(properties: Properties, locale = "en"): string | undefined {
  const language = locale.split("-")[0]!;
  const keys = [`name:${language}`, `name_${language}`, ...NAMES];
  return keys.find((key) => Object.hasOwn(properties, key) && isName(properties[key]));
}

const isName = (value: unknown): boolean => (typeof value === "string" && value.trim() !== "") || typeof value === "number";

export function nameOf(properties: Properties, locale?: string): string | undefined {
  const key = nameKey(properties, locale);
  return key === undefined ? undefined : cut(String(properties[key]).trim());
}

export const cut = (text: string, most = LONG): string => (text.length > most ? `${text.slice(0, most)} …` : text);

export function valueOf(key: string, value: unknown, locale?: string): Value {
  if (typeof value === "number" && Number.isFinite(value))
    return { kind: "text", text: NO_QUANTITY.test(key.slice(-LONG)) ? String(value) : wholeNumber(value, locale) };
  if (value === null || value === undefined || value === "") return { kind: "text", text: "–" };
  const text = (typeof value === "object" ? JSON.stringify(value) : String(value)).slice(0, LONGEST);
  const href = webAddress(text);
  if (href) return { kind: "link", text: cut(text.replace(/^https?:\/\//i, ""), 60), href };
  return text.length > LONG ? { kind: "long", short: cut(text), text } : { kind: "text", text };
}

/** Of http and https alone: no other scheme is opened from a stranger's data. */
function webAddress(text: string): string | null {
  if (text.length > 2_000 || !/^https?:\/\/[^\s<>"]+$/i.test(text) || !URL.canParse(text)) return null;
  const { href, protocol, username, password } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && !username && !password ? href : null;
}
