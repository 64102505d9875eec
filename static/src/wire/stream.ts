// Keeps one event stream open and says what came over it. A state machine over an injected EventSource and clock: it
// knows when to reconnect and from which position, and nothing of maps. Every timer it sets, it clears.

import type { MapEvent, Snapshot } from "../state/types.ts";

export const SILENCE_MS = 40_000; // the server pings every 15 s: two missed, and the line is dead
export const QUIET_MS = 20_000; // one missed: dead, if nobody could listen meanwhile, as on a phone that slept
export const HIDDEN_MS = 60_000; // browsers allow six streams to a host, so a hidden tab gives its own back
const BACKOFF_MIN_MS = 1_000;
const BACKOFF_MAX_MS = 30_000;
const CLOSED = 2; // EventSource.CLOSED: it has given up

/** gone: the map is no longer there. paused: closed by us, as nobody looks. */
export type Connection = "connecting" | "open" | "lost" | "gone" | "paused";

export interface EventSourceLike {
  readonly readyState: number;
  onopen: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  addEventListener(type: string, listener: (message: { data: string; lastEventId: string }) => void): void;
  close(): void;
}

export interface StreamSetting {
  open(position: string): EventSourceLike;
  /** Why does the stream not open? */
  ask(): Promise<"there" | "gone" | "away">;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: any): void;
  random(): number;
  now(): number;
}

export interface StreamListener {
  onConnection(connection: Connection): void;
  onSnapshot(snapshot: Snapshot): void;
  /** False when the event cannot be understood: then a snapshot is taken. */
  onEvent(event: MapEvent, position: string): boolean;
  onPresence(presence: any): void;
  onStatus(status: any): void;
  onAsk(ask: any): void;
}

export class Stream {
  connection: Connection = "connecting";
  position = "";
  private source: EventSourceLike | null = null;
  private watchdog: unknown = null;
  private retry: unknown = null;
  private failures = 0;
  private heardAt = 0;
  private odd = ""; // the head a ping named that is not our position; twice the same means we missed something

  constructor(private readonly setting: StreamSetting, private readonly listener: StreamListener) {}

  start(): void {
    this.stop();
    if (this.connection !== "lost") this.become("connecting");
    this.heardAt = this.setting.now();
    const source = this.setting.open(this.position);
    this.source = source;
    const on = (type: string, handle: (data: any, id: string) => void): void =>
      source.addEventListener(type, ({ data, lastEventId }) => {
        if (source !== this.source) return;
        this.heard();
        const value = parsed(data);
        if (value !== undefined) handle(value, lastEventId);
      });
    on("snapshot", (data: Snapshot) => this.snapshot(data));
    on("event", (data: MapEvent, id) => this.event(data, id));
    on("presence", (data) => this.listener.onPresence(data));
    on("status", (data) => this.listener.onStatus(data));
    on("ask", (data) => this.listener.onAsk(data));
    on("ping", (data) => this.ping(data));
    on("drain", () => undefined); // the server ends the stream, and the browser comes back after the `retry:` told last
    source.onopen = () => source === this.source && this.opened();
    source.onerror = () => source === this.source && this.failed(source);
    this.watch();
  }

  pause(): void {
    if (this.connection === "gone" || this.connection === "paused") return;
    this.stop();
    this.become("paused");
  }

  /** Somebody looks again, or the network is back: no wait is worth it now. */
  resume(): void {
    const broken = this.connection === "connecting" || this.setting.now() - this.heardAt > QUIET_MS;
    const waits = this.connection === "paused" || this.connection === "lost";
    if (!waits && (!this.position || !broken || this.connection === "gone")) return;
    this.failures = 0;
    this.start();
  }

  /** Forgets the position and takes the whole state. */
  resnapshot(): void {
    this.position = "";
    this.start();
  }

  private stop(): void {
    this.source?.close();
    this.source = null;
    this.setting.clearTimeout(this.watchdog);
    this.setting.clearTimeout(this.retry);
    this.watchdog = this.retry = null;
  }

  private become(connection: Connection): void {
    if (connection === this.connection) return;
    this.connection = connection;
    this.listener.onConnection(connection);
  }

  private opened(): void {
    this.watch();
    if (this.position) this.become("open"); // a newcomer is open only once it has its snapshot
  }

  private heard(): void {
    this.failures = 0;
    this.heardAt = this.setting.now();
    this.watch();
    if (this.position) this.become("open");
  }

  private snapshot(snapshot: Snapshot): void {
    this.position = snapshot.position;
    this.listener.onSnapshot(snapshot);
    this.become("open");
  }

  private event(event: MapEvent, position: string): void {
    if (!this.position) return; // no state to apply it to
    if (this.listener.onEvent(event, position)) this.position = position;
    else this.resnapshot();
  }

  private ping(data: any): void {
    const head = typeof data === "string" ? data : data?.position;
    if (typeof head !== "string" || head === this.position) return void (this.odd = "");
    if (this.odd !== head) return void (this.odd = head);
    this.odd = "";
    this.start();
  }

  private watch(): void {
    this.setting.clearTimeout(this.watchdog);
    this.watchdog = this.setting.setTimeout(() => this.lost(), SILENCE_MS);
  }

  private lost(): void {
    this.become("lost");
    this.start();
  }

  /** While it is CONNECTING the EventSource retries by itself, after the last `retry:`, with the last id; CLOSED is final. */
  private failed(source: EventSourceLike): void {
    if (source.readyState !== CLOSED) return this.become("connecting");
    this.stop();
    this.become("lost");
    const asked = this.retry; // null, and changed by whoever starts or plans another stream meanwhile
    void this.setting.ask().then((answer) => {
      if (this.source || this.retry !== asked || this.connection !== "lost") return;
      if (answer === "gone") this.become("gone");
      else this.later(this.backoff());
    });
  }

  private backoff(): number {
    const cap = Math.min(BACKOFF_MAX_MS, 2 * BACKOFF_MIN_MS * 2 ** this.failures++);
    return BACKOFF_MIN_MS + this.setting.random() * (cap - BACKOFF_MIN_MS);
  }

  private later(ms: number): void {
    this.stop();
    this.retry = this.setting.setTimeout(() => this.start(), ms);
  }
}

function parsed(data: string): any {
  try {
    return JSON.parse(data);
  } catch {
    return data === "" ? null : undefined;
  }
}
