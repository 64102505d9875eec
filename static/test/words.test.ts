// Ops and sentences: what a person reads of each change, with the layers as they were before it.

import { expect, test } from "vitest";
import { colorOf, givenName } from "../src/people/names.ts";
import { callWords } from "../src/watching/calls.ts";
import { fieldsOf } from "../src/watching/fields.ts";
import { readFrame, type Call } from "../src/wire/presence_frame.ts";
import { actsOf, Known, together } from "../src/watching/words.ts";
import { whoOf } from "../src/watching/who.ts";

const layer = (id: string, title: string, more = {}): any => ({
  id,
  title,
  type: "vector",
  visible: true,
  rank: "a",
  source: { type: "geojson", data: "data/x" },
  style_layers: [{ id: `${id}-fill`, type: "fill", paint: {} }],
  ...more,
});
const COUNTRIES = layer("countries", "Countries");
const BY_POP = ["interpolate", ["linear"], ["get", "population"], 0, "white", 1e9, "red"];
const byPop = layer("areas", "Areas", { style_layers: [{ id: "a", type: "fill", paint: { "fill-color": BY_POP } }] });
const restyle = (more: object): any => ({ op: "restyle", id: "countries", style_layer: "countries-fill", ...more });
const set = (more: object): any => ({ op: "set_layer", id: "countries", ...more });
const features = (more: object): any => ({ op: "update_features", id: "countries", ...more });

const TABLE: [ops: any[], sentence: string][] = [
  [[{ op: "put_layer", layer: layer("cities", "Cities") }], "adds Cities"],
  [[{ op: "put_layer", layer: layer("cities", "") }], "adds cities"],
  [[{ op: "put_layer", layer: byPop }], "adds Areas, coloured by population"],
  [[{ op: "put_layer", layer: { ...COUNTRIES, source: { type: "geojson", data: "data/y" } } }], "replaces Countries"],
  [[{ op: "put_layer", layer: { ...byPop, id: "countries", title: "Countries" } }], "draws Countries anew, coloured by population"],
  [[{ op: "put_layer", layer: { id: "cut", title: "Cut" } }], "adds Cut"],
  [[{ op: "remove_layer", id: "countries" }], "removes Countries"],
  [[{ op: "remove_layer", id: "older" }], "removes older"],
  [[restyle({ paint: { "fill-color": BY_POP } })], "colours Countries by population"],
  [[restyle({ paint: { "fill-color": ["match", ["get", "continent"], "Asia", "red", ["get", "sub"]] } })], "colours Countries by continent and sub"],
  [[restyle({ paint: { "fill-color": "red" } })], "colours Countries red"],
  [[restyle({ paint: { "fill-color": ["interpolate", ["linear"], ["zoom"], 0, "a", 9, "b"] } })], "colours Countries"],
  [[restyle({ paint: { "circle-radius": ["sqrt", ["get", "pop"]] } })], "sizes Countries by pop"],
  [[restyle({ paint: { "fill-opacity": 0.4 } })], "fades Countries"],
  [[restyle({ paint: { "line-dasharray": [1, 2] } })], "changes the look of Countries"],
  [[restyle({ paint: null, layout: null })], "takes back how Countries was restyled"],
  [[restyle({ paint: { "fill-color": null } })], "takes back how Countries was restyled"],
  [[restyle({ layout: { "text-field": "{name}" } })], "labels Countries by name"],
  [[restyle({ filter: [">", ["get", "pop"], 5] })], "filters Countries by pop"],
  [[restyle({ visible: false })], "hides a part of Countries"],
  [[restyle({ minzoom: 4 })], "changes at which zooms Countries is seen"],
  [[set({ visible: false })], "hides Countries"],
  [[set({ visible: true })], "shows Countries"],
  [[set({ title: "Lands" })], "renames Countries to Lands"],
  [[set({ rank: "b" })], "moves Countries in the order of layers"],
  [[set({ filter: ["==", "pop", 5] })], "filters Countries by pop"],
  [[set({ filter: ["==", ["geometry-type"], "Point"] })], "filters Countries"],
  [[set({ filter: null })], "shows all of Countries again"],
  [[set({ attribution: "x" })], "changes the credit of Countries"],
  [[features({ add: [{}] })], "adds 1 feature to Countries"],
  [[features({ update: [{}, {}] })], "changes 2 features of Countries"],
  [[features({ remove: [1, 2, 3] })], "removes 3 features from Countries"],
  [[features({ remove: [1], add: [{}] })], "changes what is in Countries"],
  [[features({ data: "data/z" })], "changes what is in Countries"],
  [[{ op: "set_title", title: "Rivers" }], "names the map “Rivers”"],
  [[{ op: "set_title", title: "" }], "takes the map's name away"],
  [[{ op: "set_basemap", basemap: "dark" }], "changes the ground to “dark”"],
  [[{ op: "set_camera", camera: { center: [7, 46] } }], "moves the view"],
  [[{ op: "put_layer", layer: layer("c", "Cities") }, { op: "set_camera", camera: { center: [7, 46] } }], "adds Cities and moves the view"],
  [[set({ title: "Lands" }), set({ visible: false })], "renames Countries to Lands and hides Lands"],
  [[restyle({ paint: { "fill-color": "red" } }), restyle({ paint: { "fill-color": "red" } })], "colours Countries red"],
  [[set({ visible: true }), set({ rank: "b" }), set({ filter: null })], "shows Countries and moves Countries in the order of layers, and more"],
  [[], "changes the map"],
  [[{ op: "remove_layer", id: "x".repeat(99) }], `removes ${"x".repeat(59)}…`],
];

test.each(TABLE)("%j reads %s", (ops, sentence) => {
  expect(together(actsOf(ops, new Known([COUNTRIES])))).toBe(sentence);
});

test("a layer that is older than what is known goes by the name that it has now", () => {
  const known = new Known([], (id) => ({ countries: "Countries" })[id] ?? id);
  expect(together(actsOf([set({ visible: false })], known))).toBe("hides Countries");
});

const call = (tool: string, more = {}): Call => ({ id: "1", model: "m", name: "Claude", tool, state: "running", reads: false, ...more });
const CALLS: [Call, string][] = [
  [call("add_layer", { layer_id: "c", title: "Cities" }), "adds Cities"],
  [call("add_layer", { layer_id: "countries" }), "adds Countries"],
  [call("add_layer"), "adds a layer"],
  [call("add_layer", { layer_id: "c", title: "$& @", state: "refused" }), "could not add $& @"],
  [call("set_layer_paint", { layer_id: "countries", state: "refused" }), "could not change the look of Countries"],
  [call("set_layer_details", { layer_id: "countries", title: "Lands" }), "changes the title or credit of Countries"],
  [call("get_map_state", { reads: true, state: "done" }), "looks at the map"],
  [call("get_layer_info", { reads: true, layer_id: "countries" }), "looks at Countries"],
  [call("some_later_tool", { reads: true }), "looks at the map"],
  [call("some_later_tool", { state: "refused" }), "could not change the map"],
];

test.each(CALLS)("%j reads %s", (one, sentence) => {
  expect(callWords(one, (id) => (id === "countries" ? "Countries" : id))).toBe(sentence);
});

test("fields stand in expressions, old filters, old functions and tokens, and in no literal", () => {
  expect(fieldsOf(["all", [">", ["to-number", ["get", "a"]], 1], ["in", "b", 1, 2], ["has", "a"], ["==", "$type", "Point"]])).toEqual(["a", "b"]);
  expect(fieldsOf({ property: "c", stops: [[0, "red"]] })).toEqual(["c"]);
  expect(fieldsOf("{d}, {e}")).toEqual(["d", "e"]);
  expect(fieldsOf(["literal", ["get", "f"]])).toEqual([]);
  expect(fieldsOf(Array.from({ length: 5_000 }, () => ["get", "g"]))).toEqual(["g"]);
});

test("a model goes by the name that tells it apart, you by You, and who has none by a word", () => {
  const event = (kind: string, name: string, agent?: string): any => ({ ops: [], origin: { kind, id: "p1", name }, agent });
  const models = [{ id: "a2", name: "Claude 2", drawing: false }];
  expect(whoOf(event("model", "Claude", "a2"), models, "").name).toBe("Claude 2");
  expect(whoOf(event("model", "Claude", "a1"), models, "").name).toBe("Claude");
  expect(whoOf(event("model", "Claude", "a1"), models, "").color).not.toBe(whoOf(event("model", "Claude", "a2"), [], "").color);
  expect(whoOf(event("person", "Ana"), models, "p1").name).toBe("You");
  expect(whoOf(event("person", ""), models, "").name).toBe(givenName("p1"));
  expect(whoOf(event("person", ""), models, "").color).toBe(colorOf("p1"));
  expect(whoOf({ ops: [], origin: { kind: "person", id: "", name: "" } }, models, "").name).toBe("Somebody");
  expect(whoOf({ ops: [] }, models, "").name).toBe("The server");
});

test("a frame of another release has no models and no calls", () => {
  for (const frame of [null, {}, { models: 7, calls: [{}, null, { id: 1 }] }]) expect(readFrame(frame)).toMatchObject({ models: [], calls: [] });
});
