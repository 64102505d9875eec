// Opens the MapLibre map: empty, so that whatever fails later fails by itself and not as a whole style.

import { AttributionControl, Map as MapLibreMap, NavigationControl, ScaleControl, addProtocol, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { Protocol } from "pmtiles";
import { cleanAttributions } from "./attribution.ts";
import { keepPictures } from "./many.ts";
import { shareMasks } from "./masks.ts";
import { wantsCalm } from "../screen.ts";

export function openMap(container: HTMLElement): MapLibreMap {
  setWorkerUrl(new URL(workerUrl, location.href).href);
  addProtocol("pmtiles", new Protocol({ metadata: true }).tile);
  const map = new MapLibreMap({
    container,
    // A change is seen in the next frame: faded in, its first frame would look as before, and many more would be drawn.
    style: { version: 8, sources: {}, layers: [], transition: { duration: 0, delay: 0 } },
    center: [0, 20],
    zoom: 1,
    attributionControl: false,
    ...(wantsCalm() && { fadeDuration: 0 }), // of names that come and go
  });
  shareMasks(map);
  keepPictures(map);
  map.addControl(new NavigationControl({ visualizePitch: true }), "top-right");
  map.addControl(new ScaleControl(), "bottom-right");
  cleanAttributions(map);
  map.addControl(new AttributionControl({ compact: true }), "bottom-right");
  return map;
}

export interface Viewport {
  center: [number, number];
  zoom: number;
  bearing: number;
  pitch: number;
  bounds: [number, number, number, number];
}

const rounded = (value: number, decimals = 6): number => Number(value.toFixed(decimals));

export function viewportOf(map: MapLibreMap): Viewport {
  const { lng, lat } = map.getCenter();
  const [[west, south], [east, north]] = map.getBounds().toArray();
  return {
    center: [rounded(lng), rounded(lat)],
    zoom: rounded(map.getZoom(), 3),
    bearing: rounded(map.getBearing(), 2),
    pitch: rounded(map.getPitch(), 2),
    bounds: [rounded(west), rounded(south), rounded(east), rounded(north)],
  };
}
