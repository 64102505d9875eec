import { describe, expect, test } from "vitest";
import { distinct } from "../src/popup/under.ts";
import { nameKey, nameOf, valueOf } from "../src/popup/words.ts";

describe("a feature's name", () => {
  test("is in the reader's language where it has that", () => {
    const properties = { name: "Genève", "name:de": "Genf", name_en: "Geneva" };
    expect([nameOf(properties, "de-CH"), nameOf(properties, "en"), nameOf(properties, "fr")]).toEqual(["Genf", "Geneva", "Genève"]);
  });
  test("is no blank and nothing else", () => {
    expect([nameKey({ name: " ", title: "T" }), nameKey({ name: { a: 1 }, label: 7 }), nameOf({ kind: "lake" })]).toEqual(["title", "label", undefined]);
    expect(nameOf({ name: "x".repeat(500) })).toHaveLength(122);
  });
});

describe("a value reads", () => {
  const text = (key: string, value: unknown, locale = "en"): string => (valueOf(key, value, locale) as any).text;
  test("as the reader's language writes numbers, and ids as they are", () => {
    expect([text("pop", 1234567.5), text("pop", 1234567.5, "de"), text("built", 1990)]).toEqual(["1,234,567.5", "1.234.567,5", "1990"]);
    expect([text("osm_id", 1234567), text("id", 7654321), text("fid", 7654321), text("valid", 7654321)]).toEqual(["1234567", "7654321", "7,654,321", "7,654,321"]);
  });
  test("as nothing where there is nothing", () => expect([text("a", null), text("a", ""), text("a", false)]).toEqual(["–", "–", "false"]));
  test("as a link where it is an address of the web, and never of anything else", () => {
    expect(valueOf("www", "https://example.org/a?b=c")).toEqual({ kind: "link", text: "example.org/a?b=c", href: "https://example.org/a?b=c" });
    const none = ["javascript:alert(1)", "data:text/html,x", "//example.org", "https://", "https://a b", 'https://a"b', "https://user:pass@example.org/", "ftp://example.org", "see https://example.org"];
    expect(none.map((one) => valueOf("www", one).kind)).toEqual(none.map(() => "text"));
  });
  test("folded where it is long, and cut where it is a book", () => {
    const value = valueOf("text", "y".repeat(50_000)) as any;
    expect([value.kind, value.short.length, value.text.length]).toEqual(["long", 122, 20_000]);
  });
});

test("a feature that several style layers draw is one, the topmost first", () => {
  const hit = (source: string, id: number | undefined, properties: object, by: string): any => ({ source, id, properties, by });
  const hits = [hit("a", 1, {}, "labels"), hit("a", 1, {}, "dots"), hit("b", 1, {}, "x"), hit("a", undefined, { n: 1 }, "y"), hit("a", undefined, { n: 1 }, "z")];
  expect(distinct(hits).map((one) => one.by)).toEqual(["labels", "x", "y"]);
  expect(distinct(Array.from({ length: 200 }, (_, id) => hit("a", id, {}, "")))).toHaveLength(50);
});
