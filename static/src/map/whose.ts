// Whose move waits behind "Go there", and where it leads, in words. Pure: only what the event and the map say; a place's
// name comes from the server, which knows some.

import { givenName } from "../people/names.ts";
import type { Camera, MapLayer, Origin } from "../state/types.ts";

const LONGEST = 60; // characters of a name

export function movedWords(by: Origin | undefined, where: string): string {
  if (!by) return `The shared view is at ${where}`;
  const name = by.name.trim().slice(0, LONGEST);
  const who = by.kind === "model" ? name || "An assistant" : name || givenName(by.id);
  return `${who} looks at ${where}`;
}

/** What the same event put on the map, where it did; else the place that is near; else degrees. */
export function whereOf(camera: Camera, put: MapLayer | undefined, near: string | null): string {
  if (put) return (put.title || put.id).slice(0, LONGEST);
  if (near && !near.startsWith("far from")) return placeOf(near).slice(0, LONGEST);
  const [lng, lat] = centerOf(camera);
  return `${degrees(lat, "N", "S")}, ${degrees(lng, "E", "W")}`;
}

export function centerOf(camera: Camera): [number, number] {
  if ("center" in camera) return [wrapped(camera.center[0]), camera.center[1]];
  const [west, south, east, north] = camera.bounds;
  return [wrapped((west + (west > east ? east + 360 : east)) / 2), (south + north) / 2];
}

/** "3 km N of Bern, Switzerland" is nearer than a person has to know. */
const placeOf = (near: string): string => near.replace(/^[\d.,]+ km [NESW]+ of /, "");

const wrapped = (lng: number): number => ((((lng + 180) % 360) + 360) % 360) - 180;

const degrees = (value: number, positive: string, negative: string): string =>
  `${Math.abs(value).toFixed(1)}°\u00a0${value < 0 ? negative : positive}`;
