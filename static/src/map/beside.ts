// What the list of layers asks of the map beside it: the zoom, and a picture of a layer that is made of pictures.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { MapLayer } from "../state/types.ts";
import { tilesInView } from "./tiles.ts";

export interface Beside {
  zoom(): number;
  /** An address of one of its pictures, once one has come. */
  picture(layer: MapLayer): string | undefined;
  /** Has this run, once a frame at most, when the zoom is another or something has come. */
  whenTurned(run: () => void): void;
}

export function beside(map: MapLibreMap): Beside {
  return {
    zoom: () => map.getZoom(),
    picture: ({ id, source }) => {
      const address = source.type === "image" ? source.url : tilesInView(map, id).find((tile) => tile.state === "loaded")?.address();
      return typeof address === "string" && /^https?:/.test(address) ? address : undefined;
    },
    whenTurned: (run) => {
      let asked = false;
      const ask = (): void => {
        if (asked) return;
        asked = true;
        requestAnimationFrame(() => {
          asked = false;
          run();
        });
      };
      map.on("zoom", ask);
      map.on("idle", ask);
    },
  };
}
