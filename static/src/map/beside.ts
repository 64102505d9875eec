// What the list of layers asks of the map beside it: the zoom, and a picture of a layer that is made of pictures.

import type { Map as MapLibreMap } from "maplibre-gl";
import { PMTiles } from "pmtiles";
import type { JsonObject, MapLayer } from "../state/types.ts";
import { tilesInView } from "./tiles.ts";

export interface Beside {
  zoom(): number;
  /** An address of one of its pictures, once one has come. */
  picture(layer: MapLayer): string | undefined;
  /** Has this run, once a frame at most, when the zoom is another or something has come. */
  whenTurned(run: () => void): void;
}

const IN_ARCHIVE = /^pmtiles:\/\/(.+)\/(\d+)\/(\d+)\/(\d+)(?:\.\w+)?$/;

export function beside(map: MapLibreMap): Beside {
  const read = new WeakMap<JsonObject, string | undefined>(); // of sources in archives; undefined: on its way
  return {
    zoom: () => map.getZoom(),
    picture: ({ id, source }) => {
      if (read.has(source)) return read.get(source);
      const address = source.type === "image" ? source.url : tilesInView(map, id).find((tile) => tile.state === "loaded")?.address();
      const archived = IN_ARCHIVE.exec(String(address));
      if (archived) {
        read.set(source, undefined);
        void inArchive(archived).then((picture) => (read.set(source, picture), map.triggerRepaint()), () => undefined);
      }
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

async function inArchive([, archive, ...place]: RegExpExecArray): Promise<string | undefined> {
  const [z, x, y] = place.map(Number) as [number, number, number];
  const tile = await new PMTiles(archive!).getZxy(z, x, y);
  if (!tile) return undefined;
  const reader = new FileReader();
  return new Promise((resolve) => {
    reader.onloadend = () => resolve(reader.result as string);
    reader.readAsDataURL(new Blob([tile.data]));
  });
}
