// Arrows at the edge of the map, to what changed where nobody here looks: a click goes there. Each goes by itself after a
// while, but not from under a pointer or the keyboard, and at once when its place comes into view.

import { el } from "../panel/dom.ts";
import { around, common, isEmpty, svg, type Overlay, type Point } from "../map/overlay.ts";
import { apart, edgeOf } from "./edge.ts";
import { outlines } from "./glow.ts";
import type { Place } from "./place.ts";

export const STAY_MS = 8_000;
const MOST = 3;
const GAP = 8; // pixels to the edge, and between two

interface Arrow {
  place: Place;
  button: HTMLButtonElement;
  sign: SVGElement;
  half: Point; // pixels: half its size, and the gap
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
    this.root.append(button);
    const half: Point = [button.offsetWidth / 2 + GAP, button.offsetHeight / 2 + GAP];
    const arrow: Arrow = { place, button, sign, half, timer: undefined };
    button.onclick = () => {
      this.drop(layer);
      this.overlay.map.getCanvas().focus();
      this.go(place, layer);
    };
    button.onpointerenter = button.onfocus = () => clearTimeout(arrow.timer);
    button.onpointerleave = button.onblur = () => this.stay(layer, arrow);
    this.arrows.set(layer, arrow);
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
    const edges = arrows.map(({ place, half }) => edgeOf(free, middle(this.overlay, place), half));
    const [width, height] = [0, 1].map((side) => 2 * Math.max(...arrows.map(({ half }) => half[side]!)) - GAP) as [number, number];
    apart(edges, free, width, height).forEach(({ x, y, turn }, i) => {
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
