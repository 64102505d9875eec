// Layers that a person has removed here. Each is hidden on this page at once, and on the map of all once it can no
// longer be undone: after six seconds, or as the page is hidden or closed, when nobody can undo it here any more.
// Until then nothing was asked of the server, so nothing waits. No DOM: `show` offers to undo.

import type { MapLayer } from "./state/types.ts";

export const UNDO_MS = 6_000;
const MOST = 4; // offered at a time; of more the oldest is sent

export interface RemovalsOf {
  /** Removes it for all; `last`: the page may be going away. Whether it was done. */
  send(layer: MapLayer, last: boolean): Promise<boolean>;
  /** Those that can be undone, the oldest first. */
  show(layers: MapLayer[]): void;
  /** What is hidden is another now. */
  changed(): void;
}

interface Removal {
  layer: MapLayer;
  timer: ReturnType<typeof setTimeout>;
  stage: "undoable" | "sent" | "done";
}

export class Removals {
  private readonly all = new Map<string, Removal>();
  private readonly hidden = new WeakMap<MapLayer, MapLayer>();

  constructor(private readonly of: RemovalsOf) {}

  begin(layer: MapLayer): void {
    if (this.all.has(layer.id)) return;
    this.all.set(layer.id, { layer, timer: setTimeout(() => this.send(layer.id), UNDO_MS), stage: "undoable" });
    const undoable = this.undoable();
    if (undoable.length > MOST) this.send(undoable[0]!.id);
    else this.of.show(undoable);
    this.of.changed();
  }

  undo(id: string): void {
    if (this.all.get(id)?.stage === "undoable" && this.forget(id)) this.of.changed();
  }

  /** Nobody can undo them any more. */
  sendAll(): void {
    for (const { id } of this.undoable()) this.send(id, true);
  }

  /** What came over the stream, before it is shown: what is gone, or another by the same id, is not to be removed. */
  came(ops: readonly { op: string; id?: unknown; layer?: { id: string } }[]): void {
    for (const { op, id, layer } of ops) this.forget(op === "put_layer" ? layer!.id : op === "remove_layer" ? String(id) : "");
  }

  /** What a snapshot has, before it is shown. What is there though it was removed has come back: that change was not kept. */
  snapshot(layers: readonly MapLayer[]): void {
    for (const [id, { stage }] of [...this.all]) if (stage === "done" || !layers.some((layer) => layer.id === id)) this.forget(id);
  }

  isRemoved = ({ id }: MapLayer): boolean => this.all.has(id);

  /** The layers as the map is to show them: those are there, so that they come back at once. */
  drawn(layers: MapLayer[]): MapLayer[] {
    return this.all.size ? layers.map((layer) => (this.all.has(layer.id) ? this.hiding(layer) : layer)) : layers;
  }

  /** The same object for the same layer, as whoever looks for changes expects. */
  private hiding(layer: MapLayer): MapLayer {
    const made = this.hidden.get(layer) ?? { ...layer, visible: false };
    this.hidden.set(layer, made);
    return made;
  }

  private undoable(): MapLayer[] {
    return [...this.all.values()].filter(({ stage }) => stage === "undoable").map(({ layer }) => layer);
  }

  private send(id: string, last = false): void {
    const removal = this.all.get(id)!;
    clearTimeout(removal.timer);
    removal.stage = "sent";
    this.of.show(this.undoable());
    void this.of.send(removal.layer, last).then((done) => {
      removal.stage = "done";
      if (!done && this.all.get(id) === removal && this.forget(id)) this.of.changed();
    });
  }

  private forget(id: string): boolean {
    clearTimeout(this.all.get(id)?.timer);
    const known = this.all.delete(id);
    if (known) this.of.show(this.undoable());
    return known;
  }
}
