// What is told of the features at a place: one at a time, by name, with its properties below; arrows lead to the next.

import { RESERVED } from "../state/style.ts";
import { el, iconButton, setText } from "../panel/dom.ts";
import { cut, MOST_ROWS, nameKey, nameOf, valueOf, type Properties, type Value } from "./words.ts";

const LOCALE = globalThis.navigator?.language; // the reader's

export interface Told {
  source: string;
  properties: Properties;
}

export interface ContentOf<T extends Told> {
  titleOf(layerId: string): string;
  /** Another of them is shown now. */
  shown(feature: T): void;
}

/** `features` are what lies here, the topmost first; at least one. */
export function contentOf<T extends Told>(features: T[], of: ContentOf<T>): HTMLElement {
  const body = el("div", { className: "told" });
  const count = el("span", { role: "status" });
  let at = 0;
  const turn = (by: number): void => {
    at = (at + by + features.length) % features.length;
    const feature = features[at]!;
    setText(count, `${at + 1} of ${features.length} here`);
    body.replaceChildren(...told(feature, of.titleOf(feature.source)));
    if (by) of.shown(feature);
  };
  turn(0);
  const arrows = el("div", { className: "turn" }, iconButton("back", "Previous here", () => turn(-1)), count, iconButton("on", "Next here", () => turn(1)));
  return el("div", { className: "feature" }, body, ...(features.length > 1 ? [arrows] : []));
}

function told({ properties }: Told, layer: string): HTMLElement[] {
  const own = Object.entries(properties).filter(([key]) => !key.startsWith(RESERVED));
  const name = nameOf(properties, LOCALE);
  const key = nameKey(properties, LOCALE);
  const rows = own.filter(([one]) => one !== key || cut(String(properties[one])) !== String(properties[one]));
  const head = name === undefined ? [el("h2", {}, layer)] : [el("h2", {}, name), el("p", { className: "of-layer" }, layer)];
  if (!own.length) return [...head, el("p", {}, "No properties.")];
  const more = rows.slice(MOST_ROWS);
  return [...head, table(rows.slice(0, MOST_ROWS)), ...(more.length ? [el("details", {}, el("summary", {}, `${more.length} more`), table(more))] : [])];
}

const table = (rows: [string, unknown][]): HTMLElement =>
  el("table", {}, el("tbody", {}, ...rows.map(([key, value]) => el("tr", {}, el("th", { scope: "row" }, cut(key)), el("td", {}, shown(valueOf(key, value, LOCALE)))))));

function shown(value: Value): Node {
  if (value.kind === "link") return el("a", { href: value.href, target: "_blank", rel: "noopener noreferrer" }, value.text);
  if (value.kind === "long") return el("details", { className: "long-value" }, el("summary", {}, value.short), value.text);
  return document.createTextNode(value.text);
}
