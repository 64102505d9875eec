// Makes the shown map equal to a style, by the smallest steps: what did not change is not touched, and each step
// stands alone, so that one that fails is reported and the rest still happen. It never judges what the style says.

import type { FeatureDiff, JsonObject, StyleDocument, StyleLayer } from "../state/types.ts";
import { comesFromAway } from "../state/ground.ts";
import { RESERVED } from "../state/style.ts";
import { changedKeys, same, toMapLibreDiff } from "./diff.ts";
import { READING } from "./read.ts";

/** The part of MapLibre's Map that is used here. */
export interface Target {
  addSource(id: string, source: any): unknown;
  removeSource(id: string): unknown;
  getSource(id: string): any;
  addLayer(layer: any, before?: string): unknown;
  removeLayer(id: string): unknown;
  getLayer(id: string): unknown;
  moveLayer(id: string, before?: string): unknown;
  setPaintProperty(id: string, name: string, value: any): unknown;
  setLayoutProperty(id: string, name: string, value: any): unknown;
  setFilter(id: string, filter: any): unknown;
  setLayerZoomRange(id: string, min: any, max: any): unknown;
  on(type: "error", listener: (event: any) => void): unknown;
}

export interface Report {
  failed(layerId: string | undefined, message: string): void;
  fresh(layerId: string): void;
}

const CHANGED_IN_PLACE = new Set(["paint", "layout", "filter", "minzoom", "maxzoom"]);
const ZOOMS = { min: 0, max: 24 }; // the Style Spec's range, which stands for "not set"

export class Sync {
  private style: StyleDocument = { version: 8, name: "", sources: {}, layers: [] };
  private blamed: string | undefined; // whose step is being taken: MapLibre tells of most errors by an event
  private readonly patched = new Set<string>(); // sources changed by a diff since they were last loaded whole

  constructor(private readonly map: Target, private readonly report: Report) {
    map.on("error", (event) => this.onError(event));
  }

  /** What is shown, as it was asked for. */
  shown(): StyleDocument {
    return this.style;
  }

  /** `diffs` may tell how the data of a source changed, so that it need not be fetched. */
  apply(next: StyleDocument, diffs: Map<string, FeatureDiff[]> = new Map()): void {
    const before = this.style;
    this.style = next;
    if (before.sources !== next.sources) this.forgetOldProblems(before, next);
    const rebuilt = this.rebuiltSources(before, next);
    const wanted = new Map(next.layers.map((layer) => [layer.id, layer]));
    for (const layer of before.layers) {
      const now = wanted.get(layer.id);
      if (!now || rebuilt.has(sourceName(layer)) || !canStay(layer, now)) this.removeLayer(layer);
    }
    for (const id of rebuilt) if (this.map.getSource(id)) this.step(id, () => this.map.removeSource(id));
    for (const [id, source] of Object.entries(next.sources)) this.applySource(id, before.sources[id], source, diffs.get(id));
    this.applyLayers(before, next);
  }

  private forgetOldProblems(before: StyleDocument, next: StyleDocument): void {
    const touched = new Set(Object.keys(before.sources).filter((id) => !same(before.sources[id], next.sources[id])));
    const old = new Map(before.layers.map((layer) => [layer.id, layer]));
    for (const layer of next.layers) if (!same(layer, old.get(layer.id))) touched.add(sourceName(layer));
    for (const id of touched) this.report.fresh(id);
  }

  private rebuiltSources(before: StyleDocument, next: StyleDocument): Set<string> {
    return new Set(Object.keys(before.sources).filter((id) => {
      const [old, now] = [before.sources[id], next.sources[id]];
      return !now || changedKeys(old, now).some((key) => key !== "data" || old.type !== "geojson");
    }));
  }

  private applySource(id: string, old: JsonObject | undefined, now: JsonObject, diffs: FeatureDiff[] | undefined): void {
    if (!this.map.getSource(id)) {
      if (old && same(old, now)) return; // it failed, and is still the same
      this.patched.delete(id);
      this.step(id, () => this.map.addSource(id, now));
    } else if (!same(old?.data, now.data)) this.changeData(id, now, diffs);
  }

  private changeData(id: string, now: JsonObject, diffs: FeatureDiff[] | undefined): void {
    const usable = diffs && typeof now.data === "string" && hasOwnIds(now) ? diffs.map(toMapLibreDiff) : [null];
    if (usable.includes(null)) return this.loadWhole(id, now.data);
    this.patched.add(id);
    for (const diff of usable) this.step(id, () => caught(this.map.getSource(id).updateData(diff)));
  }

  private loadWhole(id: string, data: unknown): void {
    this.patched.delete(id);
    this.step(id, () => caught(this.map.getSource(id).setData(data)));
  }

  /** From the top down: each layer goes right beneath the one above it. Layers that failed are not on the map. */
  private applyLayers(before: StyleDocument, next: StyleDocument): void {
    const old = new Map(before.layers.map((layer) => [layer.id, layer]));
    const order = before.layers.map((layer) => layer.id).filter((id) => this.map.getLayer(id));
    let above: string | undefined;
    for (const layer of next.layers.toReversed()) {
      const { id } = layer;
      if (!this.map.getLayer(id)) {
        if (same(old.get(id), layer) && !this.couldNowSucceed(before, layer)) continue;
        this.addLayer(layer, above);
      } else {
        if (order.at(-1) === id) order.pop();
        else {
          this.step(sourceName(layer), () => this.map.moveLayer(id, above));
          order.splice(order.indexOf(id), 1);
        }
        const was = old.get(id);
        if (was && was !== layer) this.changeLayer(was, layer);
      }
      if (this.map.getLayer(id)) above = id;
    }
  }

  /** A layer that failed before is tried again when it or its source is another now. */
  private couldNowSucceed(before: StyleDocument, layer: StyleLayer): boolean {
    const source = sourceName(layer);
    return !same(before.sources[source], this.style.sources[source]);
  }

  private addLayer(layer: StyleLayer, above: string | undefined): void {
    const source = sourceName(layer);
    if (source && !this.map.getSource(source)) return; // the source has failed, and that is reported
    this.step(source, () => this.map.addLayer(layer, above));
  }

  private removeLayer(layer: StyleLayer): void {
    if (this.map.getLayer(layer.id)) this.step(sourceName(layer), () => this.map.removeLayer(layer.id));
  }

  private changeLayer(was: StyleLayer, now: StyleLayer): void {
    const { id } = now;
    const step = (run: () => unknown): void => this.step(sourceName(now), run);
    for (const key of changedKeys(was.paint, now.paint))
      step(() => this.map.setPaintProperty(id, key, now.paint?.[key]));
    for (const key of changedKeys(was.layout, now.layout))
      step(() => this.map.setLayoutProperty(id, key, now.layout?.[key]));
    if (!same(was.filter, now.filter)) step(() => this.map.setFilter(id, now.filter ?? null));
    if (was.minzoom !== now.minzoom || was.maxzoom !== now.maxzoom)
      step(() => this.map.setLayerZoomRange(id, now.minzoom ?? ZOOMS.min, now.maxzoom ?? ZOOMS.max));
  }

  private step(layerId: string, run: () => unknown): void {
    this.blamed = layerId;
    try {
      run();
    } catch (error) {
      this.report.failed(shownName(layerId), messageOf(error));
    } finally {
      this.blamed = undefined;
    }
  }

  private onError(event: any): void {
    const source: string | undefined = event.sourceId ?? event.source?.id;
    if (source === READING || comesFromAway(source)) return;
    if (source !== undefined && this.patched.has(source) && this.style.sources[source])
      return this.loadWhole(source, this.style.sources[source].data); // the diff did not take: load it all
    const layer = this.style.layers.find((one) => one.id === event.layer?.id);
    this.report.failed(shownName(source ?? (layer && sourceName(layer)) ?? this.blamed), messageOf(event.error ?? event));
  }
}

/** MapLibre finds features by the promoted property, our diffs by id: they agree where the server promotes ids itself. */
const hasOwnIds = ({ promoteId }: JsonObject): boolean =>
  promoteId === undefined || (typeof promoteId === "string" && promoteId.startsWith(RESERVED));

const sourceName = (layer: StyleLayer): string => (layer.source as string | undefined) ?? "";

const shownName = (id: string | undefined): string | undefined => (!id || id.startsWith(RESERVED) ? undefined : id);

const canStay = (was: StyleLayer, now: StyleLayer): boolean =>
  was === now || changedKeys(was, now).every((key) => CHANGED_IN_PLACE.has(key));

const messageOf = (error: any): string => String(error?.message || error || "The map could not be drawn.");

// The same failure also comes as an error event, which names the source.
const caught = (promise: Promise<unknown> | undefined): unknown => promise?.catch?.(() => undefined);
