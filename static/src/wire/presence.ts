// Tells the server what this viewer does: latest values only, sent when they change, at most twice a second.

export const TICK_MS = 500;

export interface Problem {
  position: string;
  layer_id?: string;
  message: string;
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
  problems?: Problem[];
}

export class Presence {
  private values: Partial<PresenceValues> = {};
  private sent = new Map<string, string>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private last = -Infinity;
  private away = false; // after "gone" nothing more is said, or the viewer would be there again

  constructor(private readonly send: (values: object, last: boolean) => void) {}

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
    this.sent = this.encoded();
    this.send({ visible: this.values.visible ?? true, ...Object.fromEntries(changes) }, false);
  }

  /** Tells `visible` again though it is the same: the map in front is the one that was focused last. */
  focused(): void {
    this.sent.delete("visible");
    this.set({ visible: true });
  }

  /** The server may have forgotten us, as after a reconnect: everything is told again. */
  renew(): void {
    this.sent.clear();
    this.set({});
  }

  gone(): void {
    this.cancel();
    this.away = true;
    this.send({ gone: true }, true);
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

  private encoded(): Map<string, string> {
    return new Map(Object.entries(this.values).map(([key, value]) => [key, JSON.stringify(value)]));
  }

  private changes(): [string, unknown][] {
    const now = this.encoded();
    return Object.entries(this.values).filter(([key]) => this.sent.get(key) !== now.get(key));
  }
}
