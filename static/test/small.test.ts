import { describe, expect, test, vi } from "vitest";
import { withOldIdentities } from "../src/app.ts";
import { changedKeys, same, toMapLibreDiff } from "../src/map/diff.ts";
import { Hand } from "../src/map/hand.ts";
import { pointingAt } from "../src/map/pointing.ts";
import { layerIdFor, slug } from "../src/panel/slug.ts";

vi.mock("maplibre-gl", () => ({ Popup: class {} }));

describe("a hand", () => {
  test("is on the map during a gesture and three seconds after", () => {
    let now = 0;
    const hand = new Hand(() => now);
    expect(hand.isOn()).toBe(false);
    hand.begin();
    hand.moved();
    now = 60_000;
    expect(hand.isOn()).toBe(true);
    hand.end();
    now += 2_999;
    expect(hand.isOn()).toBe(true);
    now += 1;
    expect(hand.isOn()).toBe(false);
    hand.moved();
    expect(hand.isOn()).toBe(true);
  });
  test("that moved nothing is off the map with its button: a click", () => {
    const hand = new Hand(() => 9_000);
    hand.begin();
    expect(hand.isOn()).toBe(true);
    hand.end();
    expect(hand.isOn()).toBe(false);
  });
  test("with two fingers is on until both are up", () => {
    let now = 0;
    const hand = new Hand(() => now);
    hand.begin();
    hand.begin();
    hand.end();
    now = 9_000;
    expect(hand.isOn()).toBe(true);
    hand.end();
    hand.end();
    now = 18_000;
    expect(hand.isOn()).toBe(false);
  });
});

describe("the id of a dropped file", () => {
  const layer = (id: string, title: string, ...styles: string[]): any => ({ id, title, style_layers: styles.map((style) => ({ id: style })) });
  test("is its name made plain", () => {
    expect(["My Été roads.geojson", "a__b.JSON", "道路.json", "-x-.y.geojson"].map(slug)).toEqual(["my-ete-roads", "a-b", "data", "x-y"]);
    expect(slug("x".repeat(200))).toHaveLength(60);
  });
  test("replaces the same file's layer and no other", () => {
    expect(layerIdFor("a.json", [layer("a", "a.json", "a")])).toBe("a");
    expect(layerIdFor("a.json", [layer("a", "Other"), layer("b", "B", "a-2")])).toBe("a-3");
  });
});

test("a diff is said in MapLibre's words, and not at all where it has none", () => {
  expect(toMapLibreDiff({ update: [{ id: 1, geometry: { type: "Point" }, properties: { a: null, b: 0 } }], remove: [2] })).toEqual({
    add: [], remove: [2],
    update: [{ id: 1, newGeometry: { type: "Point" }, removeProperties: ["a"], addOrUpdateProperties: [{ key: "b", value: 0 }] }],
  });
  expect(toMapLibreDiff({ update: [{ id: 1, geometry: null }] })).toBeNull();
  expect(toMapLibreDiff({ add: [{ type: "Feature", geometry: null, properties: null }] })).toBeNull();
  expect(toMapLibreDiff({})).toBeNull();
});

test("values are compared by what they say", () => {
  expect(same({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
  expect([same([], {}), same({ a: undefined }, { b: undefined }), same(null, {}), same([1], [1, 2])]).toEqual([false, false, false, false]);
  expect(changedKeys({ a: 1, b: 2 }, { b: 2, c: 3 })).toEqual(["a", "c"]);
});

test("an equal layer of a snapshot is the old one", () => {
  const layer: any = { id: "a", style_layers: [] };
  const before: any = { layers: [layer] };
  const now = withOldIdentities(before, { layers: [{ id: "b" }, { id: "a", style_layers: [] }] } as any);
  expect(now.layers[1]).toBe(layer);
});

test("pointing tells at most 20 properties, cut, without our own", () => {
  const properties = Object.fromEntries([["mapsrv:n", 1], ["long", "x".repeat(500)], ...Array.from({ length: 30 }, (_, i) => [`k${i}`, i])]);
  const told = pointingAt({ lngLat: { lng: 1, lat: 2 } } as any, { source: "s", layer: { id: "l" }, id: 0, properties } as any);
  expect(Object.keys(told.properties)).toHaveLength(20);
  expect(told.properties.long).toHaveLength(200);
  expect(told).toMatchObject({ lng_lat: [1, 2], layer_id: "s", style_layer: "l", feature_id: 0 });
  expect(told.properties).not.toHaveProperty("mapsrv:n");
});
