// What goes wrong, by layer and cause: one text however often, and gone when it is mended.

import { expect, test } from "vitest";
import { causeOf, unknownSourceLayer, type Cause } from "../src/map/causes.ts";
import { Problems, type Problem } from "../src/map/errors.ts";

const cause = (text: string, kind: Cause["kind"] = "draw"): Cause => ({ text, kind });

test("the same cause is one line that counts, told as its count doubles", () => {
  const told: Problem[][] = [];
  const problems = new Problems((all) => told.push(all));
  for (let i = 0; i < 9; i++) problems.add(`e.${i}`, "roads", { ...cause("404"), fix: "Check the address." });
  expect(problems.all()).toEqual([{ layer_id: "roads", text: "404", fix: "Check the address.", count: 9, since: "e.0" }]);
  expect(told.map((all) => all[0]!.count)).toEqual([1, 2, 4, 8]);
});

test("a person reads it beside the layer, in plain words and counted, with what helps behind it", () => {
  const problems = new Problems(() => undefined);
  for (let i = 0; i < 3; i++) problems.add("p", "tiles", said(`AJAXError: Failed to fetch (0): https://tiles.example/0/${i}/0.png`));
  problems.add("p", "tiles", said("AJAXError:  (404): https://tiles.example/1/0/0.png"));
  problems.add("p", "roads", cause("no such image"));
  expect(problems.said()).toEqual([
    { layer_id: "tiles", words: "Its server does not answer (3 times).", details: `${URL_} cannot be reached. Check host and path; its server may be down.` },
    { layer_id: "tiles", words: "Nothing is at that address (404).", details: `404 from ${URL_}. Nothing is at that address: check it.` },
    { layer_id: "roads", words: "no such image.", details: "" },
  ]);
  expect(Object.keys(problems.all()[0]!)).not.toContain("plain"); // the server takes what it knows
});

test("a layer has three lines, all together twenty, and texts are cut", () => {
  const problems = new Problems(() => undefined);
  for (let i = 0; i < 9; i++) problems.add("p", "roads", cause(`no ${i}`));
  expect(problems.all().map(({ text }) => text)).toEqual(["no 0", "no 1", "no 2"]);
  for (let i = 0; i < 50; i++) problems.add("p", `layer ${i}`, cause("x".repeat(9_000)));
  expect(problems.all()).toHaveLength(20);
  expect(problems.all()[0]!.text).toHaveLength(300);
});

test("a layer's lines go when it changes, and those of its loading when it loads", () => {
  const problems = new Problems(() => undefined);
  const texts = (): string[] => problems.all().map(({ text }) => text);
  problems.add("p", "roads", cause("404", "load"));
  problems.add("p", "roads", cause("no such image"));
  problems.add("p", undefined, cause("no context"));
  problems.clear("lakes");
  problems.clear("roads", "load");
  expect(texts()).toEqual(["no such image", "no context"]);
  problems.clear("roads");
  expect(texts()).toEqual(["no context"]);
  problems.clear(undefined);
  expect(texts()).toEqual([]);
});

const URL_ = "https://tiles.example/{z}/{x}/{y}.png";
const said = (message: string, where: object = { address: URL_ }): Cause => causeOf(message, where);

test("tiles of one dead server are one cause, by the address of their source", () => {
  const [one, other] = [1, 2].map((x) => said(`AJAXError: Bad Gateway (502): https://tiles.example/1/${x}/0.png`));
  expect(one).toEqual(other);
  expect(one).toMatchObject({ text: `502 Bad Gateway from ${URL_}`, kind: "load" });
  expect(said("AJAXError:  (404): https://a.example/x", {}).text).toBe("404 from https://a.example/x");
});

test.each([
  ["AJAXError: Forbidden (403): https://a.example/x", /^403 Forbidden from/, /key/],
  ["Bad response code: 404", /^404 from https:\/\/tiles/, /check it/],
  ["Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON", /web page/, /file itself/],
  ["Unexpected end of JSON input", /no JSON/, /address/],
  ["Expected ':' after property name in JSON at position 31 (line 1 column 32)", /no JSON/, /address/],
  ["Unterminated string in JSON at position 9", /no JSON/, /address/],
  ["Input data given to 'x' is not a valid GeoJSON object.", /no GeoJSON/, /GeoJSON/],
  ["Wrong magic number for PMTiles archive", /no PMTiles/, /address/],
  ["Server returned no content-length header or content-length exceeding request. Check", /Range/, /server/],
  ["The source image could not be decoded.", /no picture/, /vector/],
  ["Unable to parse the tile at https://a/0/0/0, please make sure", /no vector tiles/, /raster/],
])("%s is said so that it can be mended", (message, text, fix) => {
  expect(said(message).text).toMatch(text);
  expect(said(message).fix).toMatch(fix);
  expect(said(message).kind).toBe("load");
});

test("of what the browser does not give a reason for, another request asks", () => {
  const tile = "https://tiles.example/0/0/0.png";
  expect(said(`AJAXError: Failed to fetch (0): ${tile}`)).toMatchObject({ text: `${URL_} cannot be reached.`, probe: tile });
  expect(said("Failed to fetch", { address: "pmtiles://https://a.example/x.pmtiles" }).probe).toBe("https://a.example/x.pmtiles");
  const blocked = said("AJAXError: Failed to fetch (0): http://a.example/x", { secure: true });
  expect(blocked.probe).toBeUndefined();
  expect(blocked.fix).toMatch(/https/);
});

test("an unknown source-layer names its layer and those that there are", () => {
  const message = 'Source layer "road" does not exist on source "streets" as specified by style layer "streets-line".';
  expect(said(message, { sourceLayers: ["roads", "water"] })).toEqual({ ...unknownSourceLayer("road", ["roads", "water"]), layer: "streets" });
  expect(unknownSourceLayer("road", ["roads", "water"]).text).toContain("roads, water");
});

test("what is not known is said in MapLibre's words", () => {
  expect(said("layers.a.paint: no")).toEqual({ text: "layers.a.paint: no", kind: "draw" });
});
