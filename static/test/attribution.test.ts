import { describe, expect, test } from "vitest";
import { MAX_HTML, cleanAttributions, textAndLinks } from "../src/map/attribution.ts";

const link = (url: string, text: string): string => `<a href="${url}" target="_blank" rel="noopener noreferrer">${text}</a>`;

const CASES: [string, unknown, string][] = [
  ["text", "© Somebody &amp; others", "© Somebody &amp; others"],
  ["a link", '<a href="https://a.org/?x=1&amp;y=2">A</a> | B', `${link("https://a.org/?x=1&amp;y=2", "A")} | B`],
  ["other attributes of a link", '<a class="x" style="top:0" onclick="hack()" href=https://a.org id=y>A</a>', link("https://a.org", "A")],
  ["single quotes", "<A HREF='http://a.org'>A</A>", link("http://a.org", "A")],
  ["our scheme", '<a href="//a.org/b">A</a>', link("//a.org/b", "A")],
  ["a link that is not closed", '<a href="https://a.org">A', link("https://a.org", "A")],
  ["links within a link", '<a href="https://a.org">A<a href="https://b.org">B</a>C</a>', `${link("https://a.org", "A")}${link("https://b.org", "B")}C`],
  ["a script as address", '<a href="javascript:hack()">A</a>', "A"],
  ["a script as address, hidden", '<a href=" java\tscript:hack()">A</a><a href="&#106;avascript:hack()">B</a>', "AB"],
  ["data, mail, and what is relative", '<a href="data:text/html,x">A</a><a href="mailto:a@b">B</a><a href="/events">C</a><a href="https:/x">D</a>', "ABCD"],
  ["an address in another attribute", `<a title="href='https://a.org'">A</a><a data-href="https://a.org">B</a>`, "AB"],
  ["a quote in an address", "<a href='https://a.org/\"onclick=\"hack()'>A</a>", link("https://a.org/&quot;onclick=&quot;hack()", "A")],
  ["a picture", 'By <img src="https://spy.org/x.png" onerror="hack()"> them', "By  them"],
  ["other tags", "<b>Bold</b><br/>and <span class='dialog'>so</span><p>on", "Bold and so on"],
  ["scripts, styles, comments", "a<script>hack()</script>b<style>*{top:0}</style>c<!-- <b>d</b> -->e", "a b c e"],
  ["a script that is not closed", "a<script>hack()", "a "],
  ["a torn tag", 'a <img src="x', 'a &lt;img src=&quot;x'],
  ["a tag within a tag", "<<img src=x>script>hack()", "&lt;script&gt;hack()"],
  ["a sign within quotes", `<img alt=">" src=x onerror="hack()">a > b`, "a &gt; b"],
  ["escaped HTML", "&lt;img src=x onerror=hack()&gt;", "&lt;img src=x onerror=hack()&gt;"],
  ["foreign elements", '<svg><a href="https://a.org"><text>A</text></a></svg><form action="https://a.org"><input></form>', link("https://a.org", "A")],
  ["nothing", undefined, ""],
  ["a number", 5, ""],
  ["an object", { toString: () => "<img>" }, ""],
];

describe("an attribution", () => {
  test.each(CASES)("keeps text and web links of %s", (_name, html, made) => {
    expect(textAndLinks(html)).toBe(made);
    expect(textAndLinks(made)).toBe(made);
  });

  test("has no tag but links, however it is torn", () => {
    const pieces = ["<", ">", '"', "'", "a", " ", "<a href=", "https://a.org", "</a>", "<!--", "-->", "<script>", "=", "&lt;", "<img src=x ", "/"];
    let seed = 1;
    const next = (): string => pieces[(seed = (seed * 48271) % 2147483647) % pieces.length]!;
    for (let round = 0; round < 3_000; round++) {
      const made = textAndLinks(Array.from({ length: 12 }, next).join(""));
      const rest = made.replace(/<a href="(?:https?:)?\/\/[^"<>]*" target="_blank" rel="noopener noreferrer">|<\/a>/g, "");
      expect(rest).not.toMatch(/[<>]/);
    }
  });

  test("is read up to a bound, in time that grows with its length alone", () => {
    expect(textAndLinks("x".repeat(2 * MAX_HTML))).toHaveLength(MAX_HTML);
    for (const torn of ["<", "<a ", "<!--", '<a href="', "<script>", "<a href='https://a.org'"]) textAndLinks(torn.repeat(MAX_HTML));
  });

  test("of a source is cleaned when its metadata is there", () => {
    const sources: { [id: string]: any } = { a: { attribution: "<b>A</b>" }, b: {}, c: { attribution: 7 } };
    let tell: (event: any) => void = () => undefined;
    cleanAttributions({ on: (_type: string, listener: any) => void (tell = listener), getSource: (id: string) => sources[id] } as any);
    for (const sourceId of ["a", "b", "c", "gone"]) tell({ sourceId, sourceDataType: "metadata" });
    expect(sources).toEqual({ a: { attribution: "A" }, b: {}, c: { attribution: "" } });
    sources.a.attribution = "<i>not yet</i>";
    tell({ sourceId: "a", sourceDataType: "content" });
    expect(sources.a.attribution).toBe("<i>not yet</i>");
  });
});
