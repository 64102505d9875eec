// A click on a feature opens a popup that lists its properties, as text, and says what the person points at.
// A closed popup, or a click beside all features, points at nothing.

import { Popup, type Map as MapLibreMap, type MapGeoJSONFeature, type MapMouseEvent } from "maplibre-gl";
import { RESERVED } from "../state/style.ts";
import { el } from "../panel/dom.ts";
import type { Pointing } from "../wire/presence.ts";

const REACH = 4; // pixels around the click: thin lines and small points must be hit by a finger
const MOST_PROPERTIES = 20; // told to the server; the popup shows all
const LONGEST = 200; // characters of a told value

export function watchPointing(
  map: MapLibreMap,
  titleOf: (layerId: string) => string,
  tell: (pointing: Pointing | null) => void,
): void {
  let popup: Popup | null = null;
  map.on("click", (event) => {
    popup?.remove();
    const feature = featureAt(map, event);
    if (!feature) return;
    const shown = new Popup({ maxWidth: "320px", focusAfterOpen: false, padding: map.getPadding() })
      .setLngLat(event.lngLat)
      .setDOMContent(contentOf(titleOf(feature.source), feature.properties))
      .addTo(map);
    popup = shown;
    tell(pointingAt(event, feature));
    shown.on("close", () => {
      if (popup !== shown) return;
      popup = null;
      tell(null);
    });
  });
  map.on("mousemove", (event) => {
    map.getCanvas().style.cursor = near(map, event).length ? "pointer" : "";
  });
}

/** What lies under the very point, before what is only near it. */
function featureAt(map: MapLibreMap, event: MapMouseEvent): MapGeoJSONFeature | undefined {
  return map.queryRenderedFeatures(event.point).find(ours) ?? near(map, event)[0];
}

const ours = (feature: MapGeoJSONFeature): boolean => !feature.source.startsWith(RESERVED);

function near(map: MapLibreMap, { point: { x, y } }: MapMouseEvent): MapGeoJSONFeature[] {
  return map.queryRenderedFeatures([[x - REACH, y - REACH], [x + REACH, y + REACH]]).filter(ours);
}

const shownProperties = (properties: object): [string, unknown][] =>
  Object.entries(properties).filter(([key]) => !key.startsWith(RESERVED));

function contentOf(title: string, properties: object): HTMLElement {
  const rows = shownProperties(properties).map(([key, value]) =>
    el("tr", {}, el("th", { scope: "row" }, key), el("td", {}, textOf(value))));
  const body = rows.length ? el("table", {}, el("tbody", {}, ...rows)) : el("p", {}, "No properties.");
  return el("div", { className: "feature" }, el("h2", {}, title), body);
}

const textOf = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

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
