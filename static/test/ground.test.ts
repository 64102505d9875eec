import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import catalog from "../../mapsrv/wire/basemaps.json" with { type: "json" };
import { nameOf } from "../scripts/ground/names.mjs";
import { firstZooms } from "../scripts/ground/thinning.mjs";
import { ofStyle, ofTiles, readAddress } from "../src/ground/own.ts";
import { namesIn } from "../src/ground/look.ts";
import { comesFromAway, drawingOrder, groundOf, type Look } from "../src/state/ground.ts";
import { toStyle } from "../src/state/style.ts";
import type { MapState, StyleLayer } from "../src/state/types.ts";

const BASE = "https://maps.example";
const LIGHT: Look = { scheme: "light", version: "v" };
const STATE: MapState = { title: "T", basemap: "natural-earth", camera: { center: [0, 0] }, layers: [] };

test("the same look gives the very same ground", () => {
  expect(groundOf("natural-earth", BASE, LIGHT)).toBe(groundOf("natural-earth", BASE, LIGHT));
  expect(groundOf("natural-earth", BASE, { ...LIGHT, scheme: "dark" })).not.toEqual(groundOf("natural-earth", BASE, LIGHT));
});

test("tiles are asked for under the version of their build", () => {
  expect(groundOf("natural-earth", BASE, LIGHT).sources["mapsrv:ground"].tiles).toEqual([`${BASE}/basemap/v/{z}/{x}/{y}.pbf`]);
});

test("countries are named in the reader's language, by the browser", () => {
  expect(namesIn("en-GB")).toBeNull();
  expect(namesIn("de")).toMatchObject({ CH: "Schweiz", FR: "Frankreich" });
  expect(namesIn("not a language")).toBeNull();
  const names = { CH: "Schweiz" };
  const labels = groundOf("natural-earth", BASE, { ...LIGHT, names }).labels;
  const field = labels.find(({ id }) => id === "mapsrv:country-labels")!.layout!["text-field"];
  expect(JSON.stringify(field)).toContain("Schweiz");
});

test("before a tile is here, the page has the colour of the water", () => {
  const css = readFileSync(new URL("../src/css/ground.css", import.meta.url), "utf8");
  expect([...css.matchAll(/--water: (#\w+)/g)].map(([, colour]) => colour)).toEqual([catalog.tokens.light.water, catalog.tokens.dark.water]);
});

test("the ground's names stand above areas, and those of a map above all", () => {
  const drawn = ["symbol", "raster", "line"].map((type) => ({ id: type, type }) as StyleLayer);
  const beneath = { sources: {}, layers: [{ id: "land", type: "fill" }], labels: [{ id: "names", type: "symbol" }] };
  expect(drawingOrder(beneath, drawn).map(({ id }) => id)).toEqual(["land", "raster", "names", "symbol", "line"]);
});

test.each([
  ["", "Type an address first."],
  ["ftp://x/{z}/{x}/{y}", "An address begins with https:// or http://."],
  ["https://x/{z}/{y}.png", "An address of tiles has {z}, {x} and {y}."],
  ["https://x/" + "a".repeat(3_000), "This address is too long."],
])("an address that is none: %s", (text, said) => expect(readAddress(text)).toBe(said));

test("an address is of tiles, or of a style", () => {
  expect(readAddress(" https://x/{z}/{x}/{y}.png ")).toEqual({ kind: "tiles", url: "https://x/{z}/{x}/{y}.png" });
  expect(readAddress("https://x/style.json")).toEqual({ kind: "style", url: "https://x/style.json" });
});

test("a ground of one's own lies on the built-in one, which shows where its tiles do not come", () => {
  const { sources, layers } = toStyle(STATE, BASE, { ...LIGHT, own: ofTiles("https://x/{z}/{x}/{y}.png") });
  expect(Object.keys(sources)).toEqual(["mapsrv:ground", "mapsrv:own"]);
  expect(layers.at(-1)).toMatchObject({ id: "mapsrv:own", type: "raster" });
  expect(["mapsrv:away", "mapsrv:own:s", "mapsrv:ground", "own", undefined].map(comesFromAway)).toEqual([true, true, false, false, false]);
});

test("of a style come its shapes and names, with addresses made whole, without icons", () => {
  const style = { version: 8, sources: { s: { type: "vector", tiles: ["t/{z}/{x}/{y}.pbf"] }, t: { type: "vector", url: "t.json" } }, layers: [
    { id: "water", type: "fill", source: "s", "source-layer": "w", paint: { "fill-pattern": "waves", "fill-color": "blue" } },
    { id: "names", type: "symbol", source: "t", "source-layer": "n", layout: { "icon-image": "dot", "text-field": "x" } },
    { id: "lost", type: "line", source: "nowhere" },
  ] };
  const { sources, layers, labels } = ofStyle(style, "https://x/styles/one.json");
  expect(sources).toEqual({
    "mapsrv:own:s": { type: "vector", tiles: ["https://x/styles/t/{z}/{x}/{y}.pbf"] },
    "mapsrv:own:t": { type: "vector", url: "https://x/styles/t.json" },
  });
  expect(layers).toMatchObject([{ id: "mapsrv:own:water", source: "mapsrv:own:s", paint: { "fill-color": "blue" } }]);
  expect(labels[0].layout).toEqual({ "text-field": "x" });
  expect(() => ofStyle({ type: "FeatureCollection" }, "https://x")).toThrow("no MapLibre style");
});

test.each([
  ["ARCTIC OCEAN", "Arctic Ocean"], ["Ross  Sea", "Ross Sea"], ["L. Ontario", "Lake Ontario"], ["IIJÄRVI 7", "Iijärvi"], ["Lake\rBaikal", "Lake Baikal"],
  ["Corrib (Lough)", "Lough Corrib"], ["Storsjn", "Storsjön"], ["K2", "K2"], ["Vierwaldstttersee", "Vierwaldstättersee"], ["Mr", ""], ["Mt. Blanc", "Mount Blanc"],
])("%s is written %s", (name, written) => expect(nameOf(name)).toBe(written));

test("of two cities side by side the greater comes first, and both stay", () => {
  const [great, small, alone] = firstZooms([
    { lng: 8.54, lat: 47.37, weight: 2e6 }, { lng: 8.73, lat: 47.5, weight: 2e6 - 1 }, { lng: 60, lat: 47.4, weight: 2e6 },
  ]);
  expect(great).toBe(alone);
  expect(small).toBeGreaterThan(great);
});
