// What a style layer of each type draws, in a legend's terms: which property colours it, which sizes it, and how one
// value of those looks. A table, since that is all that sets the types apart.

import type { Json, StyleLayer } from "../state/types.ts";
import { faded, isColor } from "./colors.ts";
import type { Swatch } from "./types.ts";

export interface Mark {
  color: string;
  opacity: string;
  size?: { name: string; usual: number; kind: "rings" | "widths"; said: string };
  outline?: string; // a property that colours its edge
  swatch(color: string, size: number, layer: StyleLayer): Swatch;
}

export const MARKS: { [type: string]: Mark } = {
  fill: {
    color: "fill-color",
    opacity: "fill-opacity",
    swatch: (fill, _, { paint }) => ({ fill, ...edge("line", paint?.["fill-outline-color"]) }),
  },
  "fill-extrusion": { color: "fill-extrusion-color", opacity: "fill-extrusion-opacity", swatch: (fill) => ({ fill, block: true }) },
  line: {
    color: "line-color",
    opacity: "line-opacity",
    size: { name: "line-width", usual: 1, kind: "widths", said: "Width" },
    swatch: (line, width, { paint }) => ({ line, width, ...(Array.isArray(paint?.["line-dasharray"]) ? { dashed: true } : {}) }),
  },
  circle: {
    color: "circle-color",
    opacity: "circle-opacity",
    size: { name: "circle-radius", usual: 5, kind: "rings", said: "Size" },
    outline: "circle-stroke-color",
    swatch: (circle, radius, { paint = {} }) => ({
      circle,
      radius,
      ...(paint["circle-stroke-width"] === undefined || paint["circle-stroke-width"] === 0 ? {} : edge("ring", paint["circle-stroke-color"] ?? BLACK)),
    }),
  },
  symbol: { color: "text-color", opacity: "text-opacity", swatch: (text) => ({ text }) },
};

export const BLACK = "#000000"; // the Style Spec's, of a colour that nobody set

const edge = (name: "line" | "ring", value: Json | undefined): Swatch => (isColor(value) ? { [name]: value } : {});

export const seen = (color: Json, opacity: Json): string | null =>
  isColor(color) ? faded(color, typeof opacity === "number" ? opacity : 1) : null;

/** Two style layers that draw the same features are one mark: an area and its edge, a line and its casing. */
export function together(swatches: Swatch[]): Swatch {
  const merged: Swatch = {};
  for (const one of swatches) Object.assign(merged, Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)));
  if (Object.keys(merged).some((key) => key !== "text")) delete merged.text; // labels explain themselves
  return merged;
}
