// Room for what a map names: where one of its names stands, the ground's names keep away from the place that is named,
// else each city of a map of cities would be named twice. Each name gets a picture of nothing, whose room is taken when
// MapLibre places names and icons, a map's own before the ground's. Only a name that is shown itself takes it.

import type { Map as MapLibreMap } from "maplibre-gl";
import { RESERVED } from "../state/style.ts";
import type { StyleDocument, StyleLayer } from "../state/types.ts";

const NOTHING = `${RESERVED}nothing`;
const AROUND = 6; // pixels: a circle that nobody styled, so that no click beside it hits it
const ROOM = {
  "icon-image": NOTHING,
  "icon-size": 1,
  "icon-padding": AROUND,
  "icon-allow-overlap": true, // places may be near each other
  "text-optional": false,
};

/** Gives MapLibre the picture when it asks. */
export function offerNothing(map: MapLibreMap): void {
  map.setMissingStyleImageResolver((id) => {
    if (id === NOTHING) map.addImage(id, { width: 1, height: 1, data: new Uint8Array(4) });
  });
}

const madeBefore = new WeakMap<StyleLayer, StyleLayer>();

/** The style with room for its own names. A layer that did not change keeps its identity from call to call. */
export const withRoom = (style: StyleDocument): StyleDocument => ({ ...style, layers: style.layers.map(roomy) });

function roomy(layer: StyleLayer): StyleLayer {
  if (!namesPlaces(layer)) return layer;
  let made = madeBefore.get(layer);
  if (!made) {
    made = { ...layer, layout: { ...layer.layout, ...ROOM } };
    madeBefore.set(layer, made);
  }
  return made;
}

const namesPlaces = ({ type, source, layout = {} }: StyleLayer): boolean =>
  type === "symbol" &&
  typeof source === "string" &&
  !source.startsWith(RESERVED) &&
  layout["text-field"] !== undefined &&
  layout["icon-image"] === undefined &&
  (layout["symbol-placement"] ?? "point") === "point";
