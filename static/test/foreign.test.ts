// What a file is that is no GeoJSON: by how it begins as the server says it, and by its name.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { kindOf, whyNotTaken } from "../src/panel/foreign.ts";

const vectors: { name: string; head: string; kind: string }[] = JSON.parse(
  readFileSync(new URL("../../tests/vectors/foreign.json", import.meta.url), "utf8"),
);
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

test.each(vectors)("$name", ({ head, kind }) => expect(kindOf(bytes(head))).toBe(kind));

test("a name says it where the beginning does not, but never against JSON", () => {
  expect(kindOf(bytes("one line"), "Places.CSV")).toBe("a table (CSV)");
  expect(kindOf(bytes("\x00\x01"), "a.dbf")).toBe("part of a shapefile");
  expect(kindOf(bytes(' {"type": "Point"}'), "a.csv")).toBe("");
  expect(kindOf(bytes("{"), "no ending")).toBe("");
});

test("the sentence says what it is and what is taken", async () => {
  expect(await whyNotTaken(new File(["<gpx>"], "walk.gpx"))).toMatch(/^It is a GPX track, no GeoJSON. What is taken here is GeoJSON/);
  expect(await whyNotTaken(new File([], "a.geojson"))).toMatch(/^It is empty/);
  expect(await whyNotTaken(new File(['{"type": "Point"}'], "a.geojson"))).toBe("");
});
