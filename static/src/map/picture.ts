// A picture of the map as it is drawn here: a PNG, small enough to be sent.

import type { Map as MapLibreMap } from "maplibre-gl";

export const MOST_BYTES = 512 * 1024; // as the server takes them
const IDLE_MS = 5_000; // until a map that is never at rest is taken as it is
const SIDE = 1_200; // pixels of the longer side: more no model looks at
const TRIES = 5;

export async function pictureOf(map: MapLibreMap): Promise<Blob | null> {
  await atRest(map);
  return small((side) => shot(map, side));
}

/** The first that is small enough, each smaller than the one before. */
export async function small(take: (side: number) => Promise<Blob | null>): Promise<Blob | null> {
  let side = SIDE;
  for (let tries = 0; tries < TRIES; tries++) {
    const png = await take(side);
    if (!png || png.size <= MOST_BYTES) return png;
    side = Math.floor(side * Math.min(0.8, Math.sqrt(MOST_BYTES / png.size)));
  }
  return null;
}

function atRest(map: MapLibreMap): Promise<void> {
  if (map.loaded() && !map.isMoving()) return Promise.resolve();
  return new Promise((resolve) => {
    const rested = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      map.off("idle", rested);
      resolve();
    }, IDLE_MS);
    map.once("idle", rested);
  });
}

/** What WebGL has drawn can be read only before its frame is over. */
function shot(map: MapLibreMap, side: number): Promise<Blob | null> {
  return new Promise((resolve) => {
    map.once("render", () => {
      const drawn = map.getCanvas();
      const scale = Math.min(1, side / Math.max(drawn.width, drawn.height, 1));
      const copy = document.createElement("canvas");
      copy.width = Math.max(1, Math.round(drawn.width * scale));
      copy.height = Math.max(1, Math.round(drawn.height * scale));
      copy.getContext("2d")?.drawImage(drawn, 0, 0, copy.width, copy.height);
      copy.toBlob(resolve, "image/png");
    });
    map.triggerRepaint();
  });
}
