// What the server's judge of styles reads in an expression, and which features it counts.

import { readFileSync, readdirSync } from "node:fs";
import { latest } from "@maplibre/maplibre-gl-style-spec";
import { describe, expect, test } from "vitest";
import { Budget, counted, rowOf, type Sent } from "../style_spec/features.ts";
import { read, taken, withoutId } from "../style_spec/reading.ts";
import { verdict, type Json } from "../style_spec/verdicts.ts";

const fields = (value: Json) => [...read(value).fields];

test("the validator knows no property that the page's MapLibre does not draw", () => {
  const dist = new URL("../node_modules/maplibre-gl/dist/", import.meta.url);
  const drawn = readdirSync(dist).filter((name) => name.endsWith(".mjs"))
    .map((name) => readFileSync(new URL(name, dist), "utf8")).join("");
  const spec = latest as unknown as Record<string, Record<string, unknown>>;
  const names = Object.keys(spec).filter((key) => /^(paint|layout)_/.test(key)).flatMap((key) => Object.keys(spec[key] ?? {}));
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter((name) => !drawn.includes(name))).toEqual([]);
});

describe("read", () => {
  test("finds the fields that a value cannot do without", () => {
    expect(fields(["+", ["get", "a"], ["number", ["get", "b"]]])).toEqual(["a", "b"]);
    expect(fields(["case", ["has", "a"], ["get", "a"], 0])).toEqual(["a"]);
    expect([...read(["case", ["has", "a"], ["get", "a"], 0]).asked]).toEqual(["a"]);
    expect(fields(["coalesce", ["get", "a"], ["get", "b"]])).toEqual([]);
    expect(fields(["coalesce", ["get", "a"], 1])).toEqual(["a"]);
    expect(fields(["literal", ["get", "a"]])).toEqual([]);
    expect(fields(["get", "a", ["get", "inner"]])).toEqual(["inner"]);
    expect(fields("{a} of {b}")).toEqual(["a", "b"]);
    expect(fields({ property: "a", stops: [] })).toEqual(["a"]);
  });

  test("finds labels and stops of one field, as the expression takes it", () => {
    const match = read(["match", ["to-string", ["get", "a"]], ["1", "2"], "red", "3", "blue", "black"]).labels;
    expect(match).toEqual([{ field: "a", as: "to-string", labels: ["1", "2", "3"] }]);
    expect(taken(match[0]!, 3)).toBe("3");
    expect(read(["step", ["get", "a"], 0, 5, 1]).ranges[0]!.stops).toEqual([5]);
    expect(read(["interpolate", ["linear"], ["get", "a"], 5, 0, 9, 1]).ranges[0]!.stops).toEqual([5, 9]);
    expect(read(["step", ["zoom"], 0, 5, 1]).ranges).toEqual([]);
  });

  test("finds ids, and puts another expression in their place", () => {
    const value = ["case", ["==", ["id"], "x"], ["literal", ["id"]], 0];
    expect(read(value).ids).toBe(true);
    expect(withoutId(value, ["get", "a"])).toEqual(["case", ["==", ["get", "a"], "x"], ["literal", ["id"]], 0]);
  });
});

describe("counted", () => {
  const sent: Sent[] = [
    [1, 1, { a: 1 }, [179, 0, 179, 0]],
    [1, "x", { a: 2 }, [-179, 0, -179, 0]],
    [0, 3, { a: 3 }, null],
  ];
  const rows = sent.map((one) => rowOf(one));

  test("counts what passes and has a geometry, across the antimeridian too", () => {
    const count = (filter: Json, view: number[] | null) => counted([filter], { rows }, 1, view, new Budget());
    expect(count(null, null)).toEqual({ total: 2, of: 3, in_view: 2 });
    expect(count([">", ["get", "a"], 1], [170, -5, -170, 5])).toEqual({ total: 1, of: 3, in_view: 1 });
    expect(count(null, [0, -5, 179.5, 5])).toEqual({ total: 2, of: 3, in_view: 1 });
    expect(count(["gett", "a"], null).total).toBe(0);
  });

  test("a text is no id", () => {
    expect(rows.map((row) => row.id)).toEqual([1, undefined, 3]);
    expect(rowOf([1, null, { code: "7" }, null], "code").id).toBe(7);
  });
});

test("a verdict has the path, the words and what helps", () => {
  const radius = { of: "property", key: "k", group: "paint", type: "circle", name: "circle-radius" } as const;
  const [found] = verdict({ ...radius, value: ["+", ["gett"]] });
  expect(found).toMatchObject({ path: "[1][0]", text: expect.stringContaining("Unknown expression") });
  expect(found!.operators).toContain("get");
});

test("what the package itself fails on is a fault", () => {
  for (const value of [["constructor", "return this"], ["__proto__"]]) {
    expect(verdict({ of: "filter", key: "filter", value })).toHaveLength(1);
  }
});
