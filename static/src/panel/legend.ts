// Draws a legend: colours and sizes as the map has them, and beside them what they mean, as text.

import { NEUTRAL, type Entry, type Legend, type Part, type Stop, type Swatch } from "../legend/types.ts";
import { el } from "./dom.ts";

const BOX = 18; // pixels, of the picture beside a name
const WIDEST = 8; // pixels, of a line in it
const LARGEST = 26; // pixels, of the radius of a ring: all are made smaller where one is larger
const MOST_LABELS = 5; // under a ramp

/** The parts below a layer's name; what is alike in all of it stands beside the name. */
export function drawLegend(legend: Legend, picture: string | undefined): HTMLElement[] {
  return legend.parts.map((part) => drawPart(part, picture));
}

function drawPart(part: Part, picture: string | undefined): HTMLElement {
  switch (part.kind) {
    case "classes":
    case "widths":
      return el("div", { className: "part" }, ...heading(part.of), ...part.entries.map(entry), ...more(part.kind === "classes" ? part.more : 0));
    case "ramp":
      return el("div", { className: "part" }, ...heading(part.of), bar(part.stops, part.gaps), scale(part.stops), ...(part.none ? [entry(part.none)] : []));
    case "rings":
      return el("div", { className: "part" }, ...heading(part.of), rings(part.entries));
    case "picture":
      return picture ? el("img", { className: "thumb", alt: "A piece of it", src: picture }) : el("p", { className: "part words" }, "pictures");
    case "words":
      return el("p", { className: "part words" }, part.text);
  }
}

const heading = (of: string): HTMLElement[] => (of ? [el("h3", {}, of)] : []);

const more = (count = 0): HTMLElement[] => (count ? [el("p", { className: "words" }, `and ${count} more`)] : []);

function entry({ label, swatch, hidden }: Entry): HTMLElement {
  const row = el("div", { className: "entry" }, drawSwatch(swatch), el("span", {}, label));
  if (hidden) mark(row);
  return row;
}

/** By a sign too, not by its grey alone. */
function mark(element: HTMLElement): void {
  element.classList.add("filtered");
  element.append(el("span", { className: "offscreen" }, " (hidden by the filter)"));
}

/** Equal steps from stop to stop, as data seldom lies evenly; what a filter hides is paler. */
function bar(stops: Stop[], gaps: boolean[] = []): HTMLElement {
  const made = el("div", { className: "bar" });
  made.style.backgroundImage = `linear-gradient(to right, ${stops.map((stop) => stop.color).join(", ")})`;
  gaps.forEach((hidden, place) => {
    if (!hidden) return;
    const veil = el("span", { className: "veil" });
    veil.style.left = `${(100 * place) / gaps.length}%`;
    veil.style.width = `${100 / gaps.length}%`;
    made.append(veil);
  });
  return made;
}

function scale(stops: Stop[]): HTMLElement {
  const last = stops.length - 1;
  const every = Math.ceil(last / (MOST_LABELS - 1)) || 1;
  const shown = (place: number): boolean => place === last || (place % every === 0 && last - place >= every);
  return el("div", { className: "scale" }, ...stops.map((stop, place) => el("span", {}, shown(place) ? stop.label : "")));
}

const SVG = "http://www.w3.org/2000/svg";

function shape(name: string, attributes: { [name: string]: string | number }): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function picture(width: number, height: number, ...shapes: SVGElement[]): SVGElement {
  const made = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  made.append(...shapes);
  return made;
}

/** By properties, which take a colour and nothing else. */
function painted(made: SVGElement, fill: string | undefined, stroke: string | undefined): SVGElement {
  made.style.fill = fill ?? "none";
  made.style.stroke = stroke ?? "none";
  return made;
}

export function drawSwatch(swatch: Swatch): SVGElement {
  const made = picture(BOX, BOX, ...shapesOf(swatch));
  made.classList.add("swatch");
  return made;
}

function shapesOf({ fill, line, width = 1, dashed, circle, radius = 5, ring, text, block }: Swatch): SVGElement[] {
  const thick = Math.max(1, Math.min(WIDEST, width));
  const shapes: SVGElement[] = [];
  if (fill && block) shapes.push(painted(shape("path", { d: "M3 7 9 4l6 3v8l-6 3-6-3z" }), fill, "currentColor"));
  else if (fill) shapes.push(painted(shape("rect", { x: 2, y: 2, width: 14, height: 14, rx: 2, "stroke-width": Math.min(2, thick) }), fill, line));
  else if (line) shapes.push(painted(shape("path", { d: "M1 9h16", "stroke-width": thick, ...(dashed ? { "stroke-dasharray": "4 3" } : {}) }), undefined, line));
  if (circle || ring) shapes.push(painted(shape("circle", { cx: 9, cy: 9, r: Math.max(1.5, Math.min(7.5, radius)), "stroke-width": 1.5 }), circle, ring));
  if (text) shapes.push(letters(text));
  return shapes;
}

function letters(color: string): SVGElement {
  const made = painted(shape("text", { x: 9, y: 14, "text-anchor": "middle", "font-size": 13, "font-weight": 600 }), color, undefined);
  made.textContent = "A";
  return made;
}

/** Nested circles, all on one ground line, each with a leader to its label. */
function rings(entries: Entry[]): HTMLElement {
  const sizes = entries.map(({ swatch }) => swatch.radius ?? 0);
  const scaled = Math.min(1, LARGEST / Math.max(...sizes, 1));
  const radii = sizes.map((size) => Math.max(0.5, size * scaled));
  const most = Math.max(...radii);
  const line = 16; // pixels between labels
  const height = Math.max(2 * most + 2, entries.length * line);
  const order = entries.map((_, place) => place).sort((a, b) => radii[b]! - radii[a]!);
  const left = most + 1;
  const shapes = order.flatMap((place, row) => {
    const { swatch } = entries[place]!;
    const radius = radii[place]!;
    const color = swatch.circle ?? NEUTRAL;
    const circle = painted(shape("circle", { cx: left, cy: height - 1 - radius, r: radius, "fill-opacity": color === NEUTRAL ? 0.12 : 0.7 }), color, "currentColor");
    const leader = painted(shape("path", { d: `M${left} ${height - 1 - 2 * radius}L${2 * left + 8} ${line * row + line / 2}` , "stroke-width": 0.5 }), undefined, "currentColor");
    return [circle, leader];
  });
  const labels = order.map((place) => {
    const label = el("span", {}, entries[place]!.label);
    if (entries[place]!.hidden) mark(label);
    return label;
  });
  return el("div", { className: "rings" }, picture(2 * left + 8, height, ...shapes), el("div", {}, ...labels));
}
