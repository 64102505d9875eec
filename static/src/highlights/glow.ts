// The glow over what changed: an outline that flares and fades once, by css/highlights.css. Who wants no motion is shown the
// outline as a still, for as long. It goes by a timer, so that it also goes where nothing moves.

import type { Overlay, Point } from "../map/overlay.ts";
import { around, common, isEmpty, set, svg, type Box } from "../map/overlay.ts";
import type { Place } from "./place.ts";

export const GLOW_MS = 1_800; // as in css/highlights.css
const MOST = 12; // at once
const RADIUS = 13; // pixels around a point
const SMALL = 16; // pixels: what is smaller is shown as a point
const INSET = 6; // pixels from the edge, of the outline of what fills the view

interface Glowing {
  place: Place;
  paths: SVGElement[];
  group: SVGElement;
}

export class Glow {
  private readonly glowing = new Set<Glowing>();
  private readonly root: SVGElement;

  constructor(private readonly overlay: Overlay) {
    this.root = overlay.group("glows", () => this.glowing.forEach((one) => this.draw(one)));
  }

  show(place: Place, name: string): void {
    if (this.glowing.size >= MOST) this.end(this.glowing.values().next().value!);
    const paths = [svg("path", { class: "glow-wide" }), svg("path", { class: "glow-line" })];
    const group = svg("g", { class: "glow", "data-layer": name });
    group.append(...paths);
    const one = { place, paths, group };
    this.glowing.add(one);
    this.draw(one);
    this.root.append(group);
    setTimeout(() => this.end(one), GLOW_MS);
  }

  private end(one: Glowing): void {
    one.group.remove();
    this.glowing.delete(one);
  }

  private draw({ place, paths }: Glowing): void {
    const d = drawn(this.overlay, place);
    for (const path of paths) set(path, { d });
  }
}

/** The shapes of a place in pixels; of one that has none its bounds, as far as they are seen. */
export function outlines(overlay: Overlay, { shapes, bounds }: Place): { points: Point[]; closed: boolean }[] {
  if (shapes.length) {
    const shift = bounds ? overlay.shift((bounds[0] + bounds[2]) / 2) : 0;
    return shapes.map(({ corners, closed }) => ({ points: corners.map((corner) => overlay.at(corner, shift)), closed }));
  }
  const free = overlay.free();
  const seen = { left: free.left + INSET, top: free.top + INSET, right: free.right - INSET, bottom: free.bottom - INSET };
  const box = bounds ? around(overlay.corners(bounds)) : seen;
  const both = common(box, seen);
  return [{ points: cornersOf(isEmpty(both) ? box : both), closed: true }];
}

const cornersOf = ({ left, top, right, bottom }: Box): Point[] => [[left, top], [right, top], [right, bottom], [left, bottom]];

function drawn(overlay: Overlay, place: Place): string {
  return outlines(overlay, place).map(({ points, closed }) => {
    const { left, top, right, bottom } = around(points);
    if (right - left < SMALL && bottom - top < SMALL) return ring((left + right) / 2, (top + bottom) / 2);
    return `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}${closed ? "Z" : ""}`;
  }).join("");
}

const ring = (x: number, y: number): string =>
  `M${(x - RADIUS).toFixed(1)} ${y.toFixed(1)}a${RADIUS} ${RADIUS} 0 1 0 ${2 * RADIUS} 0a${RADIUS} ${RADIUS} 0 1 0 ${-2 * RADIUS} 0`;
