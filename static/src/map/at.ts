// Whether a map already is where a camera looks. Who shows others their own view hears of that move like all others, and
// need not be asked whether to go there.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { Camera } from "../state/types.ts";

const NEAR_PIXELS = 2;
const NEAR_ZOOM = 0.01;
const NEAR_DEGREES = 0.1;

type Looking = Pick<MapLibreMap, "getCenter" | "getZoom" | "getBearing" | "getPitch">;

/** Only of a camera that says all of it: bounds are fitted to each screen in its own way. */
export function isAt(map: Looking, camera: Camera): boolean {
  if (!("center" in camera) || camera.zoom === undefined) return false;
  const { lng, lat } = map.getCenter();
  const pixels = (512 * 2 ** camera.zoom) / 360; // a degree of longitude; one of latitude has more, far from the equator
  const near = NEAR_PIXELS / pixels;
  return (
    Math.abs(turned(lng - camera.center[0])) < near && Math.abs(lat - camera.center[1]) < near &&
    Math.abs(map.getZoom() - camera.zoom) < NEAR_ZOOM &&
    Math.abs(turned(map.getBearing() - (camera.bearing ?? 0))) < NEAR_DEGREES && Math.abs(map.getPitch() - (camera.pitch ?? 0)) < NEAR_DEGREES
  );
}

/** From -180 to 180. */
const turned = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180;
