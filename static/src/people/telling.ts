// Tells others where this person's pointer is, and where they look while their hand moves the map: twice a second at most,
// and nothing while nobody else is here. A finger has no place where it only hovers. A pointer that rests is elsewhere once
// the map moved under it.

import type { Map as MapLibreMap } from "maplibre-gl";
import { TICK_MS } from "../wire/presence.ts";

export function tellWhere(
  map: MapLibreMap,
  somebodyIsHere: () => boolean,
  cursor: (at: [number, number]) => void,
  view: () => void,
): void {
  let point: [number, number] | null = null;
  const tell = atMostEvery(TICK_MS, () => {
    if (!point || !somebodyIsHere()) return;
    const { lng, lat } = map.unproject(point);
    if (Number.isFinite(lng) && Math.abs(lat) <= 90) cursor([Number(lng.toFixed(5)), Number(lat.toFixed(5))]);
  });
  const canvas = map.getCanvas();
  canvas.addEventListener("pointermove", ({ pointerType, offsetX, offsetY }) => {
    if (pointerType === "touch") return;
    point = [offsetX, offsetY];
    tell();
  });
  canvas.addEventListener("pointerleave", () => void (point = null));
  map.on("moveend", tell);
  const look = atMostEvery(TICK_MS, () => void (somebodyIsHere() && view()));
  map.on("move", ({ originalEvent }) => void (originalEvent && look()));
}

/** Runs it soon, with what is newest then. */
function atMostEvery(ms: number, run: () => void): () => void {
  let planned = false;
  let last = -Infinity;
  return () => {
    if (planned) return;
    planned = true;
    setTimeout(() => {
      planned = false;
      last = Date.now();
      run();
    }, Math.max(0, last + ms - Date.now()));
  };
}
