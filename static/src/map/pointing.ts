// A click on a feature opens a popup that lists its properties, as text, and says what the person points at.
// A closed popup, or a click beside all features, points at nothing.

import type { Map as MapLibreMap, MapGeoJSONFeature, MapMouseEvent } from "maplibre-gl";
import { contentOf } from "../popup/content.ts";
import { HoverName } from "../popup/hover.ts";
import { showAt, type Lend, type Shown } from "../popup/place.ts";
import { distinct } from "../popup/under.ts";
import { RESERVED } from "../state/style.ts";
import type { Pointing } from "../wire/presence.ts";

const REACH = 4; // pixels around the click: thin lines and small points must be hit by a finger
const MOST_PROPERTIES = 20; // told to the server; the popup shows all
const LONGEST = 200; // characters of a told value

export function watchPointing(
  map: MapLibreMap,
  titleOf: (layerId: string) => string,
  tell: (pointing: Pointing | null) => void,
  lend: Lend,
): void {
  let popup: Shown | null = null;
  const hover = new HoverName(map.getContainer());
  map.on("click", (event) => {
    popup?.remove();
    const features = featuresAt(map, event);
    if (!features.length) return;
    const content = contentOf(features, { titleOf, shown: (feature) => tell(pointingAt(event, feature)) });
    const shown = showAt(map, event.lngLat, content, lend);
    popup = shown;
    tell(pointingAt(event, features[0]!));
    shown.on("close", () => {
      if (popup !== shown) return;
      popup = null;
      tell(null);
    });
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !popup || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const held = popup.getElement().contains(document.activeElement);
    popup.remove();
    if (held) map.getCanvas().focus();
  });
  watchHover(map, hover);
}

/** A hand over what can be clicked, and its name. To look is dear where there is much: once a frame, and for pointers that hover. */
function watchHover(map: MapLibreMap, hover: HoverName): void {
  const hovers = matchMedia("(hover: hover)");
  let last: MapMouseEvent | null = null;
  const look = (): void => {
    if (last && !map.isMoving()) {
      const [first] = near(map, last);
      map.getCanvas().style.cursor = first ? "pointer" : "";
      hover.show(first, last.point);
    }
    last = null;
  };
  map.on("mousemove", (event) => {
    if (!hovers.matches) return;
    if (!last) requestAnimationFrame(look);
    last = event;
  });
}

/** What lies under the very point, before what is only near it. */
function featuresAt(map: MapLibreMap, event: MapMouseEvent): MapGeoJSONFeature[] {
  return distinct([...map.queryRenderedFeatures(event.point).filter(ours), ...near(map, event)]);
}

const ours = (feature: MapGeoJSONFeature): boolean => !feature.source.startsWith(RESERVED);

function near(map: MapLibreMap, { point: { x, y } }: MapMouseEvent): MapGeoJSONFeature[] {
  return map.queryRenderedFeatures([[x - REACH, y - REACH], [x + REACH, y + REACH]]).filter(ours);
}

const shownProperties = (properties: object): [string, unknown][] =>
  Object.entries(properties).filter(([key]) => !key.startsWith(RESERVED));

type Hit = Pick<MapGeoJSONFeature, "source" | "layer" | "id" | "properties">;

export function pointingAt(event: Pick<MapMouseEvent, "lngLat">, feature: Hit): Pointing {
  const cut = (value: unknown): unknown => (typeof value === "string" ? value.slice(0, LONGEST) : value);
  const told = shownProperties(feature.properties).slice(0, MOST_PROPERTIES).map(([key, value]) => [key, cut(value)]);
  return {
    lng_lat: [event.lngLat.lng, event.lngLat.lat],
    layer_id: feature.source,
    style_layer: feature.layer.id,
    ...(feature.id === undefined ? {} : { feature_id: feature.id as string | number }),
    properties: Object.fromEntries(told),
  };
}
