// Arrows at the edge of the map, to what changed where nobody here looks: a click goes there. Each goes by itself after a
// while, but not from under a pointer or the keyboard, and at once when its place comes into view.

import { el } from "../panel/dom.ts";
import { around, common, isEmpty, svg, type Overlay, type Point } from "../map/overlay.ts";
import { apart, edgeOf } from "./edge.ts";
import { outlines } from "./glow.ts";
import type { Place } from "./place.ts";

export const STAY_MS = 8_000;
const MOST = 3;
const HALF: Point = [92, 26]; // pixels: as wide and high as css/seen.css lets them be, and the gap to the edge

interface Arrow {
  place: Place;
  button: HTMLButtonElement;
  sign: SVGElement;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class Arrows {
  private readonly arrows = new Map<string, Arrow>(); // by layer
  private readonly root = el("div", { className: "arrows" });

  constructor(private readonly overlay: Overlay, private readonly go: (place: Place, layer: string) => void) {
    overlay.map.getContainer().append(this.root);
    overlay.group("arrow-room", () => this.draw());
  }

  show(layer: string, title: string, place: Place): void {
    this.drop(layer);
    for (const id of this.arrows.keys()) if (this.arrows.size >= MOST) this.drop(id);
    const sign = svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
    sign.append(svg("path", { d: "M2.5 8h11M9 3.5 13.5 8 9 12.5" }));
    const name = el("span", {}, title);
    const label = `${title} changed, out of view. Go there`;
    const button = el("button", { type: "button", className: "arrow", ariaLabel: label, title: label }, name);
    button.prepend(sign);
    const arrow: Arrow = { place, button, sign, timer: undefined };
    button.onclick = () => {
      this.drop(layer);
      this.overlay.map.getCanvas().focus();
      this.go(place, layer);
    };
    button.onpointerenter = button.onfocus = () => clearTimeout(arrow.timer);
    button.onpointerleave = button.onblur = () => this.stay(layer, arrow);
    this.arrows.set(layer, arrow);
    this.root.append(button);
    this.stay(layer, arrow);
    this.draw();
  }

  drop(layer: string): void {
    const arrow = this.arrows.get(layer);
    if (!arrow) return;
    clearTimeout(arrow.timer);
    this.arrows.delete(layer);
    arrow.button.onblur = null; // it leaves as it goes
    arrow.button.remove();
  }

  private stay(layer: string, arrow: Arrow): void {
    clearTimeout(arrow.timer);
    if (arrow.button.matches(":hover, :focus-visible")) return;
    arrow.timer = setTimeout(() => this.drop(layer), STAY_MS);
  }

  private draw(): void {
    for (const [layer, { place }] of this.arrows) if (isSeen(this.overlay, place)) this.drop(layer);
    const arrows = [...this.arrows.values()];
    if (!arrows.length) return;
    const free = this.overlay.free();
    const edges = arrows.map(({ place }) => edgeOf(free, middle(this.overlay, place), HALF));
    apart(edges, free, 2 * HALF[0], 44).forEach(({ x, y, turn }, i) => {
      arrows[i]!.button.style.translate = `${Math.round(x)}px ${Math.round(y)}px`;
      arrows[i]!.sign.style.rotate = `${Math.round(turn)}deg`;
    });
  }
}

export function isSeen(overlay: Overlay, place: Place): boolean {
  const free = overlay.free();
  return outlines(overlay, place).some(({ points }) => !isEmpty(common(around(points), free)));
}

function middle(overlay: Overlay, place: Place): Point {
  const { left, top, right, bottom } = around(outlines(overlay, place).flatMap(({ points }) => points));
  return [(left + right) / 2, (top + bottom) / 2];
}
