// Moves this map to where a person looks. To be moved along is no gesture of one's own: only this map moves.

import type { Map as MapLibreMap } from "maplibre-gl";
import { wantsCalm } from "../screen.ts";
import type { View } from "../wire/presence_frame.ts";

const FLY_MS = 1_200;
const STEP_MS = 500; // as often as a place is told: one step ends as the next begins

const target = ({ center, zoom, bearing, pitch }: View) => ({ center, zoom, bearing, pitch });

export function flyTo(map: MapLibreMap, view: View): void {
  if (wantsCalm()) map.jumpTo(target(view));
  else map.flyTo({ ...target(view), duration: FLY_MS, essential: true });
}

/** One step behind somebody. */
export function easeTo(map: MapLibreMap, view: View): void {
  if (wantsCalm()) map.jumpTo(target(view));
  else map.easeTo({ ...target(view), duration: STEP_MS, easing: (t) => t, essential: true });
}
