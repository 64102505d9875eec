// The calls this page makes, all relative to its own address so that a path prefix does not matter. An answer that is
// no success becomes an Error whose message can be shown as it is.

import type { LogPage } from "../watching/history.ts";
import type { EventSourceLike } from "./stream.ts";

const EXPLAIN_UNREACHABLE = "The server could not be reached. The change may not have been made.";
const EXPLAIN_SILENT = "The server has not answered for a minute, so this is given up. It may still have been done.";
const WAITS_MS = [500, 1_000, 2_000, 4_000]; // in which another process takes over from one that was killed
/** A server remembers the keys of a map's newest 5,000 changes. Past a minute a retry could be a second change. */
export const KEY_LIVES_MS = 60_000;
export const ANSWER_MS = 10_000; // after that the same is sent over another connection: this one may be dead
const HALF_A_PAIR = /\p{Surrogate}/gu; // which no URI can bear
const AGAIN = new Set([502, 503, 504]);
const NEAR_MS = 500; // that a person waits for a place's name

interface Sending {
  headers?: Record<string, string>;
  keepalive?: boolean;
  signal?: AbortSignal;
}

export interface DataAnswer {
  data: string;
  features?: number;
  bounds?: number[] | null;
}

export class Server {
  private said = 0; // the number of what this tab said of itself last

  constructor(
    readonly session: string,
    readonly viewer: string,
    private readonly proof = (): string | undefined => undefined,
    private readonly name = (): string => "",
  ) {}

  openStream(position: string): EventSourceLike {
    const query = new URLSearchParams({ session: this.session, viewer: this.viewer });
    if (position) query.set("last_event_id", position);
    return new EventSource(`events?${query}`) as EventSourceLike;
  }

  async askState(): Promise<"there" | "gone" | "away"> {
    try {
      const { status } = await fetch(this.path("state"), { signal: AbortSignal.timeout(10_000) });
      return status === 404 ? "gone" : status === 200 ? "there" : "away";
    } catch {
      return "away";
    }
  }

  /** Sends a command, and again where the server is away: always under the same key, so it is done at most once. */
  async command(command: string, args: object, keepalive = false): Promise<any> {
    const body = JSON.stringify({ command, arguments: args, id: randomId() });
    const name = encodeURIComponent(this.name().replace(HALF_A_PAIR, "")); // a header is ASCII
    const headers: Record<string, string> = name ? { "Mapsrv-Name": name } : {};
    const send = (signal: AbortSignal): Promise<Response> => this.post(this.path("commands"), body, { headers, keepalive, signal });
    return answered(await patiently((left) => within(Math.min(left, ANSWER_MS), send)));
  }

  async upload(file: Blob): Promise<DataAnswer> {
    const headers = { "Content-Type": "application/geo+json" };
    return answered(await patiently(() => this.post(this.path("data"), file, { headers })));
  }

  /**
   * Whether it arrived: what was refused as wrong did. `keepalive`: the page is going away. One request may overtake
   * another, so they are numbered; by the clock, so that the numbers grow over a reload too.
   */
  async presence(body: object, keepalive = false): Promise<boolean> {
    this.said = Math.max(this.said + 1, Date.now());
    const text = JSON.stringify({ viewer: this.viewer, n: this.said, proof: this.proof(), ...body });
    const answer = await this.post(this.path("presence"), text, { keepalive }).catch(() => null);
    return answer !== null && answer.status !== 429 && answer.status < 500;
  }

  /** What changed the map before a position, newest first; the newest of all where it is empty. */
  async log(before: string): Promise<LogPage> {
    const older = before && `&before=${encodeURIComponent(before)}`;
    return answered(await fetch(this.path("log") + older, { signal: AbortSignal.timeout(10_000) }));
  }

  /** A picture for who asked for it; the token says who, and is good once. */
  async picture(token: string, picture: Blob): Promise<void> {
    const headers = { "Content-Type": "image/png" };
    await this.post(`pictures?ask=${encodeURIComponent(token)}`, picture, { headers });
  }

  /** What place a point [lng, lat] is near; null where none is known, or nobody answers soon. */
  async near([lng, lat]: [number, number]): Promise<string | null> {
    const target = `${this.path("state/near")}&lng=${lng.toFixed(4)}&lat=${lat.toFixed(4)}`;
    const asked = (signal: AbortSignal): Promise<{ near?: unknown }> => fetch(target, { signal }).then((answer) => answer.json());
    const { near } = await within(NEAR_MS, asked).catch(() => ({ near: null }));
    return typeof near === "string" ? near : null;
  }

  /** The proof for the token of a link. It outlives the page: a token that was traded is good no more. */
  async trade(token: string): Promise<string> {
    const body = JSON.stringify({ token });
    return (await answered(await patiently(() => this.post("front", body, { keepalive: true })))).proof;
  }

  /** How a host starts `mapsrv stdio`, which only this user's own pages are told; null for others, and far away. */
  async ownCommand(): Promise<string[] | null> {
    const proof = this.proof();
    if (proof === undefined) return null;
    const answer = await this.post("front", JSON.stringify({ proof }));
    return answer.ok ? (await answer.json()).command : null;
  }

  private path(name: string): string {
    return `${name}?session=${encodeURIComponent(this.session)}`;
  }

  private post(target: string, body: BodyInit, { headers = {}, ...sending }: Sending = {}): Promise<Response> {
    return fetch(target, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body, ...sending });
  }
}

/**
 * The first answer that is not "away", or the last one; a server that asks for a longer wait is not pressed. `send` is
 * told how long the key of what it sends still lives.
 */
async function patiently(send: (left: number) => Promise<Response>): Promise<Response> {
  const until = Date.now() + KEY_LIVES_MS;
  let silent = false;
  for (const wait of [...WAITS_MS, null]) {
    const answer = await send(until - Date.now()).catch((error: Error) => void (silent = error.name === "AbortError"));
    const away = !answer || AGAIN.has(answer.status);
    const longer = Number(answer?.headers.get("Retry-After")) * 1_000 > WAITS_MS.at(-1)!;
    if (answer && (!away || longer || wait === null)) return answer;
    await new Promise((resolve) => setTimeout(resolve, wait ?? 0));
  }
  throw new Error(silent ? EXPLAIN_SILENT : EXPLAIN_UNREACHABLE);
}

async function within<T>(ms: number, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), ms);
  try {
    return await send(cut.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function answered(response: Response): Promise<any> {
  const value = await response.json().catch(() => null);
  if (response.ok) return value;
  throw new Error(value?.error?.message ?? `The server answered ${response.status}.`);
}

export const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
