import { expect, test } from "vitest";
import { withRoom } from "../src/map/room.ts";
import type { StyleDocument, StyleLayer } from "../src/state/types.ts";

const named: StyleLayer = { id: "names", type: "symbol", source: "cities", layout: { "text-field": ["get", "name"], "text-optional": true } };
const of = (...layers: StyleLayer[]): StyleDocument => ({ version: 8, name: "", sources: {}, layers });

test("a name takes room where it stands, and only with its name", () => {
  const [layer] = withRoom(of(named)).layers;
  expect(layer).toMatchObject({ ...named, layout: { "text-field": ["get", "name"], "icon-image": "mapsrv:nothing", "text-optional": false } });
});

test("a layer that did not change keeps its identity", () => {
  const dots: StyleLayer = { id: "dots", type: "circle", source: "cities" };
  const [first, second] = [withRoom(of(named, dots)), withRoom(of(named, dots))];
  expect(second.layers[0]).toBe(first.layers[0]);
  expect(second.layers[1]).toBe(dots);
});

test.each<[string, Partial<StyleLayer>]>([
  ["of the ground", { source: "mapsrv:ground" }],
  ["with an icon", { layout: { ...named.layout, "icon-image": "star" } }],
  ["along a line", { layout: { ...named.layout, "symbol-placement": "line" } }],
  ["of no text", { layout: { "text-size": 12 } }],
])("names %s stay as they are", (_, other) => {
  const layer = { ...named, ...other };
  expect(withRoom(of(layer)).layers[0]).toBe(layer);
});
