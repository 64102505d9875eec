// Tells the server what this viewer does: latest values only, sent when they change, at most twice a second.

import type { Problem } from "../map/errors.ts";

export const TICK_MS = 500;
export const AGAIN_MS = [2_000, 4_000, 8_000]; // until what did not arrive is told again; after the last one it waits for news

/** What this page has drawn: mapsrv/wire/drawn.py. `answers` are the asks that it takes into account. */
export interface Drawn {
  applied: string;
  loading: string[];
  problems: Problem[];
  answers: string[];
  view?: object; // of the picture that was given last
  read?: object; // what there was in the vector tiles that were asked for last
}

export interface Pointing {
  lng_lat: [number, number];
  layer_id: string;
  style_layer: string;
  feature_id?: string | number;
  properties: { [key: string]: unknown };
}

export interface PresenceValues {
  visible: boolean;
  name?: string;
  viewport?: object;
  pointing?: Pointing | null;
  cursor?: [number, number];
  drawn?: Drawn;
}

export class Presence {
  private values: Partial<PresenceValues> = {};
  private sent = new Map<string, string>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private last = -Infinity;
  private away = false; // after "gone" nothing more is said, or the viewer would be there again
  private lost = 0; // how often in a row what was told did not arrive

  /** `send` says whether it arrived. */
  constructor(private readonly send: (values: object, last: boolean) => Promise<boolean>) {}

  set(values: Partial<PresenceValues>): void {
    Object.assign(this.values, values);
    if (!this.away && this.timer === null && this.changes().length)
      this.timer = setTimeout(() => this.flush(), Math.max(0, this.last + TICK_MS - Date.now()));
  }

  /** What this person goes by, as it was told last; empty while nobody said. */
  get name(): string {
    return this.values.name ?? "";
  }

  /** Sends what changed, at once; `visible` always goes with it. */
  flush(): void {
    this.cancel();
    const changes = this.changes();
    if (this.away || !changes.length) return;
    this.last = Date.now();
    const told = (this.sent = this.encoded());
    void this.send({ visible: this.values.visible ?? true, ...Object.fromEntries(changes) }, false).then((arrived) => {
      if (arrived) this.lost = 0;
      else this.again(changes.map(([key]) => [key, told.get(key)]));
    });
  }

  /** What did not arrive counts as not told, and is told again in a while. */
  private again(told: [string, string | undefined][]): void {
    for (const [key, value] of told) if (this.sent.get(key) === value) this.sent.delete(key);
    const wait = AGAIN_MS[this.lost++];
    if (wait !== undefined && this.timer === null) this.timer = setTimeout(() => this.flush(), wait);
  }

  /** Tells `visible` again though it is the same: the map in front is the one that was focused last. */
  focused(): void {
    this.sent.delete("visible");
    this.set({ visible: true });
  }

  /** The server may have forgotten us, as after a reconnect: everything is told again. */
  renew(): void {
    this.sent.clear();
    this.lost = 0;
    this.set({});
  }

  /** Tells a value again, though it may be the same: the server may have dropped it. */
  repeat(key: keyof PresenceValues): void {
    if (this.sent.delete(key)) this.set({});
  }

  gone(): void {
    this.cancel();
    this.away = true;
    void this.send({ gone: true }, true);
  }

  /** The browser took the page out of its back-forward cache. */
  back(): void {
    this.away = false;
    this.renew();
  }

  private cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** Where a page is, and what loads, changes all the time: it goes along with what else it draws, not by itself. */
  private encoded(): Map<string, string> {
    const compared = (key: string, value: unknown): string =>
      JSON.stringify(key === "drawn" ? { ...(value as Drawn), applied: undefined, loading: undefined } : value);
    return new Map(Object.entries(this.values).map(([key, value]) => [key, compared(key, value)]));
  }

  private changes(): [string, unknown][] {
    const now = this.encoded();
    return Object.entries(this.values).filter(([key]) => this.sent.get(key) !== now.get(key));
  }
}
