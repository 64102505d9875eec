// Which changes are shown when: what comes within a moment is one, and a layer that glows does not begin again before it
// is done. So a model that moves a point twenty times a second makes the map glow every other second, and no more.

import { merged, type Change } from "./changes.ts";

export const SOON_MS = 150; // the data is with MapLibre by then, and a burst is one
export const REST_MS = 2_000; // until a layer may glow again
export const MOST_LAYERS = 12; // that wait; of more the newest

interface Clock {
  now(): number;
  after(ms: number, run: () => void): unknown;
  cancel(timer: any): void;
}

export class Pacing {
  private readonly waiting = new Map<string, Change>();
  private readonly until = new Map<string, number>(); // when a layer may be shown again
  private timer: unknown;
  private due = Infinity; // when that ends

  constructor(private readonly clock: Clock, private readonly show: (changes: Change[]) => void) {}

  add(changes: Change[]): void {
    for (const change of changes) {
      const { id } = change.layer;
      const before = this.waiting.get(id);
      this.waiting.delete(id); // to the end: it is the newest
      this.waiting.set(id, merged(before, change));
    }
    for (const id of this.waiting.keys()) if (this.waiting.size > MOST_LAYERS) this.waiting.delete(id);
    this.plan();
  }

  clear(): void {
    this.waiting.clear();
  }

  private plan(): void {
    if (!this.waiting.size) return;
    const now = this.clock.now();
    const first = Math.min(...[...this.waiting.keys()].map((id) => this.until.get(id) ?? 0));
    const due = Math.max(now + SOON_MS, first);
    if (due >= this.due) return;
    this.clock.cancel(this.timer);
    this.due = due;
    this.timer = this.clock.after(due - now, () => this.tick());
  }

  private tick(): void {
    this.due = Infinity;
    const now = this.clock.now();
    for (const [id, until] of this.until) if (until <= now) this.until.delete(id);
    const ready = [...this.waiting.values()].filter((change) => !this.until.has(change.layer.id));
    for (const { layer } of ready) {
      this.waiting.delete(layer.id);
      this.until.set(layer.id, now + REST_MS);
    }
    if (ready.length) this.show(ready);
    this.plan();
  }
}
