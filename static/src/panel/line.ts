// When to say what of the line to the server. A break that ends within two seconds, as when a process makes room for
// the next, is not worth a word; a longer one is said, and ends by itself. No DOM: `say` shows it.

import type { Connection } from "../wire/stream.ts";

export const CALM_MS = 2_000;
export const LONG_MS = 20_000; // after that it is no hiccup any more

export type Said = "connecting" | "open" | "reconnecting" | "lost" | "paused" | "gone";

export class Line {
  private said: Said = "connecting";
  private timer: ReturnType<typeof setTimeout> | undefined; // runs while the line is broken and more is to be said

  constructor(private readonly say: (said: Said) => void) {}

  set(connection: Connection): void {
    if (connection !== "connecting" && connection !== "lost") return this.become(connection);
    if (this.said === "connecting" && connection === "lost") return this.become("lost");
    if (this.said === "open") this.timer ??= setTimeout(() => this.reconnecting(), CALM_MS);
    else if (this.said === "paused") this.reconnecting();
  }

  private reconnecting(): void {
    this.become("reconnecting");
    this.timer = setTimeout(() => this.become("lost"), LONG_MS);
  }

  private become(said: Said): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (said === this.said) return;
    this.said = said;
    this.say(said);
  }
}
