// What a legend is, before anybody draws it: plain values, made by legend.ts and drawn by panel/legend.ts.

/** One mark as the map has it; what is not there is not drawn. */
export interface Swatch {
  fill?: string;
  line?: string;
  width?: number; // pixels, of the line
  dashed?: boolean;
  circle?: string;
  radius?: number; // pixels
  ring?: string; // around the circle
  text?: string; // the colour of labels
  block?: boolean; // an area that rises
}

export interface Entry {
  label: string;
  swatch: Swatch;
  hidden?: boolean; // by a filter
}

export interface Stop {
  label: string;
  color: string;
}

export type Part =
  | { kind: "classes"; of: string; entries: Entry[]; more?: number }
  | { kind: "ramp"; of: string; stops: Stop[]; gaps?: boolean[]; none?: Entry } // gaps: hidden from this stop to the next
  | { kind: "rings"; of: string; entries: Entry[] } // circles of a size each, nested
  | { kind: "widths"; of: string; entries: Entry[] }
  | { kind: "picture" }
  | { kind: "words"; text: string };

export interface Legend {
  swatch: Swatch | null; // where all of the layer is drawn alike, or as far as it is
  parts: Part[];
}

export const EXPRESSION = "styled by an expression";
export const NEUTRAL = "currentColor"; // of sizes whose colours differ
