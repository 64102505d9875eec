// A fake of MapLibre's map that tells of errors by events, as the real one does, and notes every step.

import { expect, test } from "vitest";
import { Sync, type Target } from "../src/map/sync.ts";

class FakeMap implements Target {
  steps: string[] = [];
  order: string[] = [];
  sources = new Map<string, any>();
  onError: (event: any) => void = () => undefined;
  on(_: "error", listener: (event: any) => void): void {
    this.onError = listener;
  }
  getSource = (id: string): any => this.sources.get(id);
  getLayer = (id: string): any => (this.order.includes(id) ? {} : undefined);
  addSource(id: string, source: any): void {
    if (source.type === "bad") return this.onError({ error: new Error("bad source") });
    const note = (what: string) => async (value: any) => void this.steps.push(`${what} ${id} ${JSON.stringify(value)}`);
    this.sources.set(id, { ...source, setData: note("setData"), updateData: note("updateData") });
    this.steps.push(`addSource ${id}`);
  }
  removeSource(id: string): void {
    this.sources.delete(id);
    this.steps.push(`removeSource ${id}`);
  }
  addLayer(layer: any, before?: string): void {
    if (layer.paint?.bad) return this.onError({ error: new Error("bad paint") });
    this.order.splice(before ? this.order.indexOf(before) : this.order.length, 0, layer.id);
    this.steps.push(`addLayer ${layer.id}`);
  }
  removeLayer(id: string): void {
    this.order = this.order.filter((one) => one !== id);
    this.steps.push(`removeLayer ${id}`);
  }
  moveLayer(id: string, before?: string): void {
    this.order = this.order.filter((one) => one !== id);
    this.order.splice(before ? this.order.indexOf(before) : this.order.length, 0, id);
    this.steps.push(`moveLayer ${id}`);
  }
  setPaintProperty(id: string, name: string, value: any): void {
    if (value === "bad") throw new Error("bad value");
    this.steps.push(`paint ${id} ${name} ${value}`);
  }
  setLayoutProperty(id: string, name: string, value: any): void {
    this.steps.push(`layout ${id} ${name} ${value}`);
  }
  setFilter(id: string, filter: any): void {
    this.steps.push(`filter ${id} ${JSON.stringify(filter)}`);
  }
  setLayerZoomRange(id: string, min: number, max: number): void {
    this.steps.push(`zooms ${id} ${min} ${max}`);
  }
  taken(): string[] {
    return this.steps.splice(0);
  }
}

const geojson = (data: unknown = "d"): any => ({ type: "geojson", data });
const on = (id: string, more: object = {}): any => ({ id, type: "fill", source: "s", ...more });
const style = (layers: any[], sources: any = { s: geojson() }): any => ({ version: 8, name: "", sources, layers });

function started(...first: any[]) {
  const map = new FakeMap();
  const problems: string[] = [];
  const sync = new Sync(map, { failed: (id, message) => problems.push(`${id}: ${message}`), fresh: () => undefined });
  sync.apply(style(first));
  map.taken();
  return { map, sync, problems };
}

test("what did not change is not touched", () => {
  const { map, sync } = started(on("a"), on("b"));
  sync.apply(style([on("a"), on("b")]));
  expect(map.taken()).toEqual([]);
});

test("layers come into the wanted order", () => {
  const { map, sync } = started(on("a"), on("b"), on("c"));
  for (const wanted of ["cab", "abc", "bca", "dcba", "da", "abcd"]) {
    sync.apply(style([...wanted].map((id) => on(id))));
    expect(map.order.join("")).toBe(wanted);
  }
});

test("properties change in place, one by one, and a bad one does not stop the others", () => {
  const { map, sync, problems } = started(on("a", { paint: { x: 1, y: 2 }, layout: { l: 1 }, filter: ["has", "q"], minzoom: 3 }));
  sync.apply(style([on("a", { paint: { x: "bad", z: 0 }, maxzoom: 9 })]));
  expect(map.taken()).toEqual(["paint a y undefined", "paint a z 0", "layout a l undefined", "filter a null", "zooms a 0 9"]);
  expect(problems).toEqual(["s: bad value"]);
});

test("another type or another source makes a layer anew", () => {
  const { map, sync } = started(on("a"), on("b"));
  sync.apply(style([on("a", { type: "line" }), on("b")]));
  expect(map.taken()).toEqual(["removeLayer a", "addLayer a"]);
  sync.apply(style([on("a", { type: "line" }), on("b")], { s: { type: "vector", url: "u" } }));
  expect(map.taken()).toEqual(["removeLayer a", "removeLayer b", "removeSource s", "addSource s", "addLayer b", "addLayer a"]);
  expect(map.order).toEqual(["a", "b"]);
});

test("new data is set, or patched where the change is told", () => {
  const { map, sync } = started(on("a"));
  sync.apply(style([on("a")], { s: geojson("e") }));
  expect(map.taken()).toEqual(['setData s "e"']);
  sync.apply(style([on("a")], { s: geojson("f") }), new Map([["s", [{ remove: [1] }]]]));
  expect(map.taken()).toEqual(['updateData s {"add":[],"remove":[1],"update":[]}']);
  map.onError({ sourceId: "s", error: new Error("not compatible with updateData") });
  expect(map.taken()).toEqual(['setData s "f"']);
});

test("a change that no diff tells is loaded whole, whatever else is told", () => {
  const { map, sync } = started(on("a"));
  for (const [data, ...diffs] of [["e", {}], ["f", {}, { remove: [1] }], ["g", { remove: [1] }, {}]] as [string, ...object[]][]) {
    sync.apply(style([on("a")], { s: geojson(data) }), new Map([["s", diffs]]));
    expect(map.taken()).toEqual([`setData s "${data}"`]);
  }
});

test("a patch is not used where features go by another name than their id", () => {
  const { map, sync } = started(on("a"));
  const diff = new Map([["s", [{ remove: [1] }]]]);
  for (const promoteId of ["mapsrv:id", "name"]) {
    sync.apply(style([on("a")], { s: { ...geojson("e"), promoteId } }));
    map.taken();
    sync.apply(style([on("a")], { s: { ...geojson("f"), promoteId } }), diff);
    expect(map.taken()[0]).toMatch(promoteId === "name" ? "setData" : "updateData");
  }
});

test("after a failed step the rest is still done, and it is not tried again until it changes", () => {
  const { map, sync, problems } = started(on("a"));
  const bad = on("b", { paint: { bad: 1 } });
  sync.apply(style([on("a"), bad, on("c")]));
  sync.apply(style([on("a"), bad, on("c"), on("d")]));
  expect([map.order, problems]).toEqual([["a", "c", "d"], ["s: bad paint"]]);
  sync.apply(style([on("a"), on("b"), on("c"), on("d")]));
  expect(map.order).toEqual(["a", "b", "c", "d"]);
});

test("a source that fails takes only its own layers along, and its successor brings them", () => {
  const { map, sync, problems } = started(on("a"));
  const layers = [on("a"), on("t", { source: "t" })];
  sync.apply(style(layers, { s: geojson(), t: { type: "bad" } }));
  sync.apply(style(layers, { s: geojson(), t: { type: "bad" } }));
  expect([map.order, problems]).toEqual([["a"], ["t: bad source"]]);
  sync.apply(style(layers, { s: geojson(), t: geojson() }));
  expect(map.order).toEqual(["a", "t"]);
});
