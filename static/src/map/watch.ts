// Watches over what the map loads and draws, and says by layer and cause what goes wrong: from MapLibre's errors, from
// images that are missing, from answers that are still out, and by a look at what has come.
//
// What is not known at once is asked: a fetch that failed without a reason is repeated without CORS, which tells a
// server that keeps pages out from one that is not there; and where no tile in view has anything, one is asked for its
// status, of which MapLibre says nothing. Each is asked once until the layer changes.

import { RESERVED } from "../state/style.ts";
import type { JsonObject, StyleLayer } from "../state/types.ts";
import { causeOf, keptFromPages, missingImage, noGeoJson, noTilesAt, shown, stillOut, unknownSourceLayer, type Cause } from "./causes.ts";
import { failing } from "./evaluate.ts";
import { isLoading, loadedData, tilesInView, type Inside } from "./tiles.ts";

const OUT_MS = 5_000; // until an answer that is out is a problem
const STEP_MS = 250; // between two looks at whether it is: of a tile that is not there MapLibre tells nobody
const PROBE_MS = 4_000;
const GEOJSON = new Set(["FeatureCollection", "Feature", "GeometryCollection", ...["Point", "LineString", "Polygon"].flatMap((one) => [one, `Multi${one}`])]);
const ON_SOURCE = /does not exist on source "(.*)" as specified by style layer/;
const IMAGES = /^icon-image$|-pattern$/;

export interface WatchedMap extends Inside {
  on(type: string, listener: (event: any) => void): unknown;
  getLayer(id: string): any;
  getZoom(): number;
  querySourceFeatures(id: string, options?: any): any[];
}

export interface Watching {
  /** What the map shows: the sources and style layers that were asked for. */
  shown(): { sources: { [id: string]: JsonObject }; layers: StyleLayer[] };
  say(layerId: string | undefined, cause: Cause): void;
  clear(layerId: string, kind: Cause["kind"]): void;
}

export class Watch {
  private readonly out = new Map<string, ReturnType<typeof setTimeout>>(); // by source, until its answer is here
  private readonly asked = new Set<string>(); // what was probed already, "layer address"
  private readonly unseen = new Set<string>(); // layers of which something came since they were looked at
  private readonly renewed = new Set<string>(); // whose data has come since they were whole
  private probing = 0;

  constructor(private readonly map: WatchedMap, private readonly to: Watching) {
    map.on("dataloading", (event) => this.begins(event.sourceId));
    map.on("sourcedata", (event) => this.came(event));
    map.on("styleimagemissing", ({ id }) => this.lacks(String(id)));
    map.on("idle", () => this.look());
  }

  /** Our layers whose data is on its way. */
  loading(): string[] {
    return Object.keys(this.to.shown().sources).filter((id) => this.isOurs(id) && isLoading(this.map, id));
  }

  /** Whether nothing is loading of these, and no answer is waited for that says why something failed. */
  settled(layers: string[]): boolean {
    return this.probing === 0 && layers.every((id) => !isLoading(this.map, id));
  }

  failed(layerId: string | undefined, message: string): void {
    const named = layerId ?? ON_SOURCE.exec(message)?.[1]; // of that error alone MapLibre tells no source
    const where = { address: this.address(named), sourceLayers: this.map.getSource(named ?? "")?.vectorLayerIds };
    const cause = causeOf(message, { ...where, secure: globalThis.location?.protocol === "https:" });
    const layer = cause.layer ?? layerId;
    if (layer?.startsWith(RESERVED)) return;
    if (cause.probe && layer !== undefined) void this.probe(layer, cause);
    else this.to.say(layer, cause);
  }

  /** It was changed, or is gone: what was found out of it before is forgotten. */
  fresh(layerId: string): void {
    if (this.isOurs(layerId)) this.unseen.add(layerId);
    for (const key of this.asked) if (key.startsWith(`${layerId} `)) this.asked.delete(key);
  }

  /** Looks at what has come of layers since the last look. */
  look(): void {
    const { sources, layers } = this.to.shown();
    for (const id of [...this.unseen]) {
      if (!sources[id] || isLoading(this.map, id)) continue;
      this.unseen.delete(id);
      const own = layers.filter((layer) => layer.source === id);
      if (sources[id].type === "geojson") this.lookAtData(id);
      else this.lookAtTiles(id, own);
      for (const layer of own) for (const cause of this.failing(id, layer)) this.to.say(id, cause);
    }
    for (const id of this.unseen) if (!sources[id]) this.unseen.delete(id);
  }

  private failing(id: string, layer: StyleLayer): Cause[] {
    const inner = (this.map.style as any)?._layers?.[layer.id];
    if (!inner || !JSON.stringify([layer.paint, layer.layout])?.includes("[")) return [];
    return failing(inner, this.map.querySourceFeatures(id, { sourceLayer: layer["source-layer"] }), this.map.getZoom());
  }

  /** MapLibre draws nothing of other JSON, and says nothing. */
  private lookAtData(id: string): void {
    const data = loadedData(this.map, id) as { type?: unknown } | null | undefined;
    const address = this.address(id);
    if (data !== undefined && address && !GEOJSON.has(String(data?.type))) this.to.say(id, noGeoJson(address));
  }

  private lookAtTiles(id: string, layers: StyleLayer[]): void {
    const tiles = tilesInView(this.map, id);
    const there = [...new Set(tiles.flatMap((tile) => tile.layers))];
    if (!there.length) return void this.askATile(id, tiles.filter((tile) => tile.state === "errored" || tile.state === "loaded"));
    if (this.map.getSource(id)?.vectorLayerIds) return; // MapLibre has said so itself
    for (const { "source-layer": name } of layers)
      if (typeof name === "string" && !there.includes(name)) this.to.say(id, unknownSourceLayer(name, there));
  }

  private async askATile(id: string, tiles: ReturnType<typeof tilesInView>): Promise<void> {
    const raster = this.map.getSource(id)?.type === "raster";
    const empty = tiles.filter((tile) => !raster || tile.state === "errored");
    const address = empty.length === tiles.length ? empty[0]?.address() : undefined;
    if (!address?.startsWith("http") || !this.once(id, address)) return;
    const answer = await this.fetched(address, { method: "GET" });
    if (answer?.status === 404) this.sayOf(id, noTilesAt(this.address(id) ?? address));
  }

  private async probe(id: string, cause: Cause): Promise<void> {
    const address = this.address(id) ?? cause.probe!;
    if (!this.once(id, address)) return this.to.say(id, cause); // counted by what it was found to be, or as it is
    const answer = await this.fetched(cause.probe!, { mode: "no-cors" });
    this.sayOf(id, answer ? keptFromPages(address) : cause);
  }

  /** Answers come late: of a layer that is gone nothing is said. */
  private sayOf(id: string, cause: Cause): void {
    if (this.to.shown().sources[id]) this.to.say(id, cause);
  }

  private once(id: string, address: string): boolean {
    const key = `${id} ${address}`;
    return !this.asked.has(key) && Boolean(this.asked.add(key));
  }

  private async fetched(address: string, init: RequestInit): Promise<Response | null> {
    this.probing += 1;
    try {
      const signal = AbortSignal.timeout(PROBE_MS);
      return await fetch(address, { ...init, credentials: "omit", cache: "no-store", signal });
    } catch {
      return null;
    } finally {
      this.probing -= 1;
    }
  }

  private begins(id: string | undefined): void {
    if (id === undefined || !this.isOurs(id) || this.out.has(id)) return;
    this.unseen.add(id);
    this.wait(id, Date.now() + OUT_MS);
  }

  private wait(id: string, until: number): void {
    this.out.set(id, setTimeout(() => {
      this.out.delete(id);
      if (!this.to.shown().sources[id]) return;
      if (!isLoading(this.map, id)) return this.look();
      const late = Date.now() >= until;
      if (late) this.to.say(id, stillOut(shown(this.address(id) ?? ""), OUT_MS / 1_000));
      this.wait(id, late ? Infinity : until);
    }, STEP_MS));
  }

  /** What came whole ends what was wrong with loading it. */
  private came({ sourceId: id, sourceDataType: type }: { sourceId?: string; sourceDataType?: string }): void {
    if (id === undefined || !this.isOurs(id)) return;
    if (type === "content") this.renewed.add(id); // its tiles are made of it now
    if (isLoading(this.map, id)) return;
    this.unseen.add(id);
    clearTimeout(this.out.get(id));
    this.out.delete(id);
    const tiles = tilesInView(this.map, id);
    const whole = this.map.getSource(id)?.type === "geojson" ? this.renewed.delete(id) : tiles.length > 0 && tiles.every((tile) => tile.state === "loaded");
    const empty = this.map.getSource(id)?.type === "vector" && !tiles.some((tile) => tile.layers.length);
    if (whole && !empty) this.to.clear(id, "load");
  }

  private lacks(name: string): void {
    const users = this.to.shown().layers.filter((layer) => this.isOurs(String(layer.source)) && wantsImage(layer, name));
    for (const id of new Set(users.map((layer) => String(layer.source)))) this.to.say(id, missingImage(name));
  }

  private isOurs = (id: string): boolean => !id.startsWith(RESERVED);

  /** The address of a layer's data, as its source has it. */
  private address(id: string | undefined): string | undefined {
    const source = id === undefined ? undefined : this.to.shown().sources[id];
    const found = source?.url ?? (source?.tiles as string[] | undefined)?.[0] ?? (source?.urls as string[] | undefined)?.[0] ?? source?.data;
    return typeof found === "string" ? found : undefined;
  }
}

/** By name, or by an expression that may come to it. */
function wantsImage({ paint, layout }: StyleLayer, name: string): boolean {
  const values = Object.entries({ ...paint, ...layout }).filter(([key]) => IMAGES.test(key)).map(([, value]) => value);
  return values.some((value) => (typeof value === "string" ? value === name || value.includes("{") : Array.isArray(value)));
}
