// What is drawn over the map and is no part of it: other people's places, and what glows as it changes. An SVG above the
// canvas, so that neither the style, nor what lies under a click, nor a picture for a model has any of it. It takes no
// pointer, and is drawn anew whenever the map has moved.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { Bounds } from "./extent.ts";

export type Point = [number, number]; // pixels from the map's top left, or [lng, lat]

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const SPACE = "http://www.w3.org/2000/svg";

export class Overlay {
  private readonly root = svg("svg", { class: "overlay", "aria-hidden": "true" });
  private readonly redraws: (() => void)[] = [];

  constructor(readonly map: MapLibreMap) {
    map.getCanvasContainer().after(this.root);
    const redraw = (): void => this.redraws.forEach((run) => run());
    map.on("move", redraw);
    map.on("resize", redraw);
  }

  /** A group of one's own, and what draws it again when the map has moved. */
  group(name: string, redraw: () => void): SVGElement {
    const group = svg("g", { class: name });
    this.root.append(group);
    this.redraws.push(redraw);
    return group;
  }

  /** Of the copies of the world, the one that is in the middle of the view. */
  shift(lng: number): number {
    return 360 * Math.round((this.map.getCenter().lng - lng) / 360);
  }

  at([lng, lat]: Point, shift = 0): Point {
    const { x, y } = this.map.project([lng + shift, Math.max(-85, Math.min(85, lat))]);
    return [x, y];
  }

  /** The corners of bounds from the top left on, clockwise. West may be greater than east: over the antimeridian. */
  corners([west, south, east, north]: Bounds): Point[] {
    const right = east < west ? east + 360 : east;
    const shift = this.shift((west + right) / 2);
    return ([[west, north], [right, north], [right, south], [west, south]] as Point[]).map((one) => this.at(one, shift));
  }

  /** What the panel leaves free of the map. */
  free(): Box {
    const { clientWidth, clientHeight } = this.map.getContainer();
    const { left = 0, top = 0, right = 0, bottom = 0 } = this.map.getPadding();
    return { left, top, right: clientWidth - right, bottom: clientHeight - bottom };
  }
}

export function svg(tag: string, attributes: { [name: string]: string | number } = {}): SVGElement {
  const element = document.createElementNS(SPACE, tag);
  set(element, attributes);
  return element;
}

export function set(element: Element, attributes: { [name: string]: string | number }): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

export function around(points: Point[]): Box {
  const [xs, ys] = [points.map((point) => point[0]), points.map((point) => point[1])];
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** What both have; a box turned inside out where that is nothing. */
export const common = (a: Box, b: Box): Box => ({
  left: Math.max(a.left, b.left),
  top: Math.max(a.top, b.top),
  right: Math.min(a.right, b.right),
  bottom: Math.min(a.bottom, b.bottom),
});

export const isEmpty = (box: Box): boolean => box.right < box.left || box.bottom < box.top;
