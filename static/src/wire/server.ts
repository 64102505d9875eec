// The calls this page makes, all relative to its own address so that a path prefix does not matter. An answer that is
// no success becomes an Error whose message can be shown as it is.

import type { LogPage } from "../watching/history.ts";
import type { EventSourceLike } from "./stream.ts";

const EXPLAIN_UNREACHABLE = "The server could not be reached. The change may not have been made.";
const WAITS_MS = [500, 1_000, 2_000, 4_000]; // in which another process takes over from one that was killed
const HALF_A_PAIR = /\p{Surrogate}/gu; // which no URI can bear
const AGAIN = new Set([502, 503, 504]);

interface Sending {
  headers?: Record<string, string>;
  keepalive?: boolean;
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
  async command(command: string, args: object): Promise<any> {
    const body = JSON.stringify({ command, arguments: args, id: randomId() });
    const name = encodeURIComponent(this.name().replace(HALF_A_PAIR, "")); // a header is ASCII
    const headers: Record<string, string> = name ? { "Mapsrv-Name": name } : {};
    return answered(await patiently(() => this.post(this.path("commands"), body, { headers })));
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

  /** The proof for the token of a link. It outlives the page: a token that was traded is good no more. */
  async trade(token: string): Promise<string> {
    const body = JSON.stringify({ token });
    return (await answered(await patiently(() => this.post("front", body, { keepalive: true })))).proof;
  }

  private path(name: string): string {
    return `${name}?session=${encodeURIComponent(this.session)}`;
  }

  private post(target: string, body: BodyInit, { headers = {}, keepalive = false }: Sending = {}): Promise<Response> {
    return fetch(target, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body, keepalive });
  }
}

/** The first answer that is not "away", or the last one; a server that asks for a longer wait is not pressed. */
async function patiently(send: () => Promise<Response>): Promise<Response> {
  for (const wait of [...WAITS_MS, null]) {
    const answer = await send().catch(() => null);
    const away = answer === null || AGAIN.has(answer.status);
    const longer = Number(answer?.headers.get("Retry-After")) * 1_000 > WAITS_MS.at(-1)!;
    if (answer && (!away || longer || wait === null)) return answer;
    await new Promise((resolve) => setTimeout(resolve, wait ?? 0));
  }
  throw new Error(EXPLAIN_UNREACHABLE);
}

async function answered(response: Response): Promise<any> {
  const value = await response.json().catch(() => null);
  if (response.ok) return value;
  throw new Error(value?.error?.message ?? `The server answered ${response.status}.`);
}

export const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
