// What this page knows of the shared map, and what follows from a change of it: the map, the panel, the camera.
// All changes come over the stream; what a person does here goes to the server and comes back the same way.

import type { Map as MapLibreMap } from "maplibre-gl";
import type { Ask } from "./asked.ts";
import { Commands } from "./commands.ts";
import { DrawnReport } from "./drawn.ts";
import { applyOp, isKnownOp } from "./state/apply.ts";
import { Refusals } from "./state/refused.ts";
import { toStyle } from "./state/style.ts";
import type { Camera, FeatureDiff, MapEvent, MapState, Op, Snapshot } from "./state/types.ts";
import { beside } from "./map/beside.ts";
import { CameraGuide, type Mover } from "./map/camera.ts";
import { same } from "./map/diff.ts";
import { Sync } from "./map/sync.ts";
import { byId } from "./panel/dom.ts";
import { LayerList } from "./panel/layers.ts";
import { showOffer } from "./panel/offer.ts";
import { RefusedNotice } from "./panel/refused.ts";
import type { Status } from "./panel/saving.ts";
import { line, saving, showLooked, showPeople, showProblems, showTitle } from "./panel/status.ts";
import { showGone, showOutdated } from "./panel/gone.ts";
import type { Part } from "./part.ts";
import type { Presence } from "./wire/presence.ts";
import { readFrame } from "./wire/presence_frame.ts";
import type { Server } from "./wire/server.ts";
import type { Connection, StreamListener } from "./wire/stream.ts";

const FORMAT = 1; // of snapshots that this page reads
const CATCH_UP_MS = 1_000; // after a reconnect the missed events come in a burst: their camera is old news

export class App implements StreamListener {
  state: MapState | null = null;
  mapUrl = location.href;
  readonly guide: CameraGuide;
  readonly drawn: DrawnReport;
  readonly commands: Commands;
  private readonly parts: Part[] = [];
  private readonly sync: Sync;
  private readonly list: LayerList;
  private readonly refusals = new Refusals();
  private readonly notice = new RefusedNotice(() => this.map.getCanvas().focus());
  private readonly baseUrl = new URL(".", location.href).href.replace(/\/$/, "");
  private position = "";
  private drawable = false;
  private wasOpen = false;
  private catchingUpUntil = 0;

  constructor(private readonly map: MapLibreMap, server: Server, private readonly presence: Presence, private readonly draw = toStyle) {
    this.guide = new CameraGuide(map, (offer) => void showOffer(offer, (point) => server.near(point)));
    this.commands = new Commands({ map, server, guide: this.guide, layers: () => this.state?.layers ?? [], changed: () => this.render() });
    this.drawn = new DrawnReport(map, presence, {
      shown: () => this.sync.shown(),
      position: () => (this.drawable ? this.position : ""),
      show: (problems) => {
        showProblems(problems);
        this.list.problems(problems);
      },
      looked: showLooked,
      send: (token, picture) => server.picture(token, picture),
    });
    this.sync = new Sync(map, this.drawn);
    this.list = new LayerList(byId("layers"), byId("no-layers"), this.commands, beside(map));
    map.once("style.load", () => {
      this.drawable = true;
      this.render();
    });
  }

  add(part: Part): void {
    this.parts.push(part);
  }

  onConnection(connection: Connection): void {
    document.documentElement.dataset.connection = connection === "paused" || connection === "gone" ? "lost" : connection;
    line.set(connection);
    if (connection === "gone") showGone();
    for (const part of this.parts) part.connection?.(connection);
    if (connection !== "open") return;
    this.presence.renew();
    if (this.wasOpen) this.catchingUpUntil = Date.now() + CATCH_UP_MS;
    this.wasOpen = true;
  }

  onSnapshot(snapshot: Snapshot): void {
    if (snapshot.format > FORMAT) return showOutdated();
    const before = this.state;
    this.state = before ? withOldIdentities(before, snapshot.state) : snapshot.state;
    this.mapUrl = /^https?:/.test(snapshot.url ?? "") ? snapshot.url : location.href;
    this.position = snapshot.position;
    if (!before) this.guide.start(this.state.camera);
    else if (!same(before.camera, this.state.camera)) this.guide.offer(this.state.camera);
    this.commands.removals.snapshot(this.state.layers);
    this.render();
    for (const part of this.parts) part.snapshot?.(this.state, before, snapshot);
  }

  onEvent(event: MapEvent, position: string): boolean {
    if (!this.state || !event.ops.every(isKnownOp)) return false;
    const before = this.state;
    this.position = position;
    const diffs = new Map<string, FeatureDiff[]>();
    const mover: Mover = { origin: event.origin };
    let camera: Camera | null = null;
    for (const op of event.ops) {
      this.state = applyOp(this.state, op);
      if (op.op === "set_camera") camera = op.camera;
      if (op.op === "update_features") noteDiff(diffs, op.id, op);
      if (op.op === "put_layer") diffs.set((mover.put = op.layer).id, [WHOLE]);
    }
    this.commands.removals.came(event.ops);
    this.render(diffs, event.ops);
    if (camera) this.moveTo(camera, mover);
    for (const part of this.parts) part.event?.(event, this.state, before, position);
    return true;
  }

  onPresence(frame: any): void {
    const here = readFrame(frame);
    showPeople(here.count);
    for (const part of this.parts) part.presence?.(here);
  }

  onAsk(ask: Ask): void {
    this.drawn.asked(ask);
  }

  onStatus(status: Status): void {
    saving.status(status);
    this.notice.add(this.refusals.take(status.refused));
  }

  titleOf(layerId: string): string {
    return this.state?.layers.find((layer) => layer.id === layerId)?.title || layerId;
  }

  private moveTo(camera: Camera, by: Mover): void {
    if (Date.now() < this.catchingUpUntil) this.guide.offer(camera, by);
    else this.guide.follow(camera, by);
  }

  render(diffs?: Map<string, FeatureDiff[]>, ops?: Op[]): void {
    if (!this.state) return;
    showTitle(this.state.title);
    const { removals } = this.commands;
    this.list.update(this.state.layers.filter((layer) => !removals.isRemoved(layer)));
    if (this.drawable) {
      this.sync.apply(this.draw({ ...this.state, layers: removals.drawn(this.state.layers) }, this.baseUrl), diffs);
      this.drawn.applied(ops);
    }
    document.documentElement.dataset.position = this.position; // last: what is told is drawn
  }
}

const WHOLE: FeatureDiff = {}; // stands for a change that no diff tells

function noteDiff(diffs: Map<string, FeatureDiff[]>, id: string, op: FeatureDiff): void {
  diffs.set(id, [...(diffs.get(id) ?? []), op]);
}

/** The new state, in which every layer that is equal to its old self is its old self. */
export function withOldIdentities(before: MapState, now: MapState): MapState {
  const old = new Map(before.layers.map((layer) => [layer.id, layer]));
  const layers = now.layers.map((layer) => (same(layer, old.get(layer.id)) ? old.get(layer.id)! : layer));
  return { ...now, layers };
}
