// "Show everyone my view": sets the shared camera, by the call that an assistant would make.

import type { Map as MapLibreMap } from "maplibre-gl";
import { viewportOf } from "../map/view.ts";
import { byId } from "../panel/dom.ts";

const MAX_ZOOM = 24; // what set_map_view takes
const MAX_PITCH = 85;

export function wireShowView(map: MapLibreMap, command: (name: string, args: object) => Promise<unknown>, say: (text: string) => void): void {
  byId("show-view").onclick = async () => {
    map.stop(); // one that glides on would show its author something else than it shows the others
    try {
      await command("set_map_view", viewOf(map));
      say("Everyone is shown your view.");
    } catch (error) {
      say((error as Error).message);
    }
  };
}

function viewOf(map: MapLibreMap): object {
  const { center, zoom, bearing, pitch } = viewportOf(map);
  const lng = Number(map.getCenter().wrap().lng.toFixed(6));
  const within = (value: number, most: number): number => Math.max(0, Math.min(most, value));
  return { center: [lng, center[1]], zoom: within(zoom, MAX_ZOOM), bearing, pitch: within(pitch, MAX_PITCH) };
}
