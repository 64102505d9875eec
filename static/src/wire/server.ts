// The calls this page makes, all relative to its own address so that a path prefix does not matter. An answer that is
// no success becomes an Error whose message can be shown as it is.

import type { EventSourceLike } from "./stream.ts";

const EXPLAIN_UNREACHABLE = "The server could not be reached. The change was not made.";

export interface DataAnswer {
  data: string;
  features?: number;
  bounds?: number[] | null;
}

export class Server {
  constructor(readonly session: string, readonly viewer: string) {}

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

  /** Sends a command; after a network failure once more, under the same key, so it is done at most once. */
  async command(command: string, args: object): Promise<any> {
    const body = JSON.stringify({ command, arguments: args, id: randomId() });
    const send = (): Promise<Response> => this.post("commands", body);
    return answered(await send().catch(send).catch(unreachable));
  }

  async upload(file: Blob): Promise<DataAnswer> {
    return answered(await this.post("data", file, "application/geo+json").catch(unreachable));
  }

  /** Presence is worth nothing a moment later, so failures are left alone. `last`: the page is going away. */
  async presence(body: object, last = false): Promise<void> {
    const text = JSON.stringify({ viewer: this.viewer, ...body });
    await this.post("presence", text, "application/json", last).catch(() => undefined);
  }

  private path(name: string): string {
    return `${name}?session=${encodeURIComponent(this.session)}`;
  }

  private post(name: string, body: BodyInit, type = "application/json", keepalive = false): Promise<Response> {
    return fetch(this.path(name), { method: "POST", headers: { "Content-Type": type }, body, keepalive });
  }
}

const unreachable = (): never => {
  throw new Error(EXPLAIN_UNREACHABLE);
};

async function answered(response: Response): Promise<any> {
  const value = await response.json().catch(() => null);
  if (response.ok) return value;
  throw new Error(value?.error?.message ?? `The server answered ${response.status}.`);
}

export const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
