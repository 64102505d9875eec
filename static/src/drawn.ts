// What this page has drawn, told to the server: what failed, by layer and cause, what loads, and what it was asked.

import type { Map as MapLibreMap } from "maplibre-gl";
import { Answers, type Ask } from "./asked.ts";
import { Problems, type SaidProblem } from "./map/errors.ts";
import type { Report } from "./map/sync.ts";
import { readTiles, type ReadTiles } from "./map/read.ts";
import { pictureOf } from "./map/picture.ts";
import { viewportOf } from "./map/view.ts";
import { Watch } from "./map/watch.ts";
import type { Op, StyleDocument } from "./state/types.ts";
import type { Presence } from "./wire/presence.ts";

export interface DrawnOf {
  shown(): StyleDocument;
  /** Up to where the map is applied; empty before it has begun. */
  position(): string;
  show(problems: SaidProblem[]): void;
  /** A model has a picture of what this person sees. */
  looked(by: string): void;
  /** Sends a picture to who asked for it. */
  send(token: string, picture: Blob): Promise<void>;
}

export class DrawnReport implements Report {
  readonly problems: Problems;
  private readonly watch: Watch;
  private readonly answers: Answers;
  private view: object | undefined;
  private read: ReadTiles | undefined;

  constructor(map: MapLibreMap, private readonly presence: Presence, private readonly of: DrawnOf) {
    this.problems = new Problems(() => {
      this.tell();
      of.show(this.problems.said());
    });
    this.watch = new Watch(map, {
      shown: () => of.shown(),
      say: (layerId, cause) => this.problems.add(of.position(), layerId, cause),
      clear: (layerId, kind) => this.problems.clear(layerId, kind),
    });
    this.answers = new Answers({
      settled: (layers) => this.watch.settled(layers),
      look: () => this.watch.look(),
      hidden: () => document.hidden,
      frame: (run) => {
        map.once("render", run);
        map.triggerRepaint();
      },
      tell: () => {
        this.tell();
        this.presence.flush();
      },
      read: async (source) => void (this.read = await readTiles(map, source)),
      picture: (token, by) => this.picture(map, token, by),
    });
  }

  failed(layerId: string | undefined, message: string): void {
    this.watch.failed(layerId, message);
  }

  fresh(layerId: string): void {
    this.problems.clear(layerId);
    this.watch.fresh(layerId);
  }

  /** What is at the position is with MapLibre. The server drops what it was told of a layer that these ops change. */
  applied(ops: Op[] = []): void {
    this.answers.pass(this.of.position());
    const touched = new Set(ops.map((op) => (op.op === "put_layer" ? op.layer.id : "id" in op ? op.id : "")));
    if (ops.some(({ op }) => op === "set_basemap")) this.problems.clear(undefined);
    this.tell();
    if (this.problems.all().some((problem) => touched.has(problem.layer_id ?? ""))) this.presence.repeat("drawn");
  }

  asked(ask: Ask): void {
    void this.answers.answer(ask);
  }

  private async picture(map: MapLibreMap, token: string, by: string): Promise<void> {
    const picture = await pictureOf(map);
    if (!picture) return;
    this.view = viewportOf(map);
    this.of.looked(by);
    await this.of.send(token, picture);
  }

  /** `applied` goes with it: what is told of a layer that has changed since counts for nothing. */
  private tell(): void {
    const applied = this.of.position();
    if (!applied) return;
    const [loading, problems] = [this.watch.loading(), this.problems.all()];
    const { view, read } = this;
    this.presence.set({ drawn: { applied, loading, problems, answers: this.answers.tokens, view, read } });
  }
}
