// How opaque a layer is as a whole, for the one control that sets it. Pure.

import { styleLayersOf } from "../state/style.ts";
import type { MapLayer } from "../state/types.ts";

/** From 0 to 1: of what it draws first; null where that is by data or by zoom. */
export function opacityOf(layer: MapLayer): number | null {
  const [first] = styleLayersOf(layer);
  if (!first) return 1;
  const name = first.type === "symbol" ? "text-opacity" : first.type === "hillshade" ? "hillshade-exaggeration" : `${first.type}-opacity`;
  const value = first.paint?.[name] ?? 1;
  return typeof value === "number" ? Math.min(1, Math.max(0, value)) : null;
}
