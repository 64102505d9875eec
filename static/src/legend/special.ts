// Style layers that draw no single features: heat, relief, shade, pictures, and lines coloured along their way.

import type { Json, StyleLayer } from "../state/types.ts";
import { seen } from "./marks.ts";
import { read, type Look } from "./read.ts";
import { EXPRESSION, type Part, type Stop } from "./types.ts";

// The Style Spec's own default of heatmap-color.
const HEAT: Json = [
  "interpolate", ["linear"], ["heatmap-density"], 0, "rgba(0, 0, 255, 0)", 0.1, "royalblue", 0.3, "cyan", 0.5, "lime", 0.7, "yellow", 1, "red",
];

type Special = (style: StyleLayer, look: Look) => Part[] | null;

const SPECIAL: { [type: string]: Special } = {
  heatmap: ({ paint }, look) => along(paint?.["heatmap-color"] ?? HEAT, look, ["few", "many"]),
  "color-relief": ({ paint }, look) => (paint?.["color-relief-color"] === undefined ? [] : along(paint["color-relief-color"], look)),
  line: ({ paint }, look) => (paint?.["line-gradient"] === undefined ? null : along(paint["line-gradient"], look, ["start", "end"])),
  hillshade: ({ paint = {} }) => {
    const colors = [paint["hillshade-shadow-color"] ?? "#000000", paint["hillshade-highlight-color"] ?? "#ffffff"];
    const shades = colors.map((color) => seen([color].flat()[0]!, 1));
    if (shades.includes(null)) return [{ kind: "words", text: `Shade ${EXPRESSION}` }];
    return [{ kind: "ramp", of: "", stops: [{ label: "in shade", color: shades[0]! }, { label: "in light", color: shades[1]! }] }];
  },
  raster: () => [{ kind: "picture" }],
};

export const special = (style: StyleLayer, look: Look): Part[] | null => (Object.hasOwn(SPECIAL, style.type) ? SPECIAL[style.type]!(style, look) : null);

/** A ramp over what is no property; `ends` are told in place of numbers that say nothing to a reader. */
function along(expression: Json, look: Look, ends?: [string, string]): Part[] {
  const reading = read(expression, { ...look, filters: [] });
  const found = reading.kind === "ramp" ? reading.stops : reading.kind === "classes" ? reading.classes : [];
  const stops = found.map(({ label, value }): Stop | null => {
    const color = seen(value, 1);
    return color === null ? null : { label, color };
  });
  if (!stops.length || stops.includes(null)) return [{ kind: "words", text: `Colour ${EXPRESSION}` }];
  const last = stops.length - 1;
  const named = stops.map((stop, i) => (ends ? { ...stop!, label: i === 0 ? ends[0] : i === last ? ends[1] : "" } : stop!));
  return [{ kind: "ramp", of: ends || reading.kind === "unread" || reading.kind === "same" ? "" : reading.of, stops: named }];
}
