// Whether a map already is where a camera looks. Who shows others their own view hears of that move like all others, and
// need not be asked whether to go there.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { Camera } from "../state/types.ts";

// As far as what a page tells of its view is rounded (viewportOf): a small move is one too.
const NEAR_PLACE = 2e-6; // degrees
const NEAR_ZOOM = 0.002;
const NEAR_DEGREES = 0.02; // of bearing and pitch

type Looking = Pick<MapLibreMap, "getCenter" | "getZoom" | "getBearing" | "getPitch">;

/** Only of a camera that says all of it: bounds are fitted to each screen in its own way. */
export function isAt(map: Looking, camera: Camera): boolean {
  if (!("center" in camera) || camera.zoom === undefined) return false;
  const { lng, lat } = map.getCenter();
  return (
    Math.abs(turned(lng - camera.center[0])) < NEAR_PLACE && Math.abs(lat - camera.center[1]) < NEAR_PLACE &&
    Math.abs(map.getZoom() - camera.zoom) < NEAR_ZOOM &&
    Math.abs(turned(map.getBearing() - (camera.bearing ?? 0))) < NEAR_DEGREES && Math.abs(map.getPitch() - (camera.pitch ?? 0)) < NEAR_DEGREES
  );
}

/** From -180 to 180. */
const turned = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180;
