// When to say what of the line to the server. A break that ends within two seconds, as when a process makes room for
// the next, is not worth a word; a longer one is said, and ends by itself. A line that is open says nothing of a server
// that hangs: a change that waits long does. No DOM: `say` shows it.

import type { Connection } from "../wire/stream.ts";

export const CALM_MS = 2_000;
export const LONG_MS = 20_000; // after that it is no hiccup any more

export type Said = "connecting" | "open" | "silent" | "reconnecting" | "lost" | "paused" | "gone";

export class Line {
  private said: Said = "connecting"; // but for silence
  private silent = false; // a change has waited long for its answer
  private told: Said = "connecting";
  private timer: ReturnType<typeof setTimeout> | undefined; // runs while the line is broken and more is to be said

  constructor(private readonly say: (said: Said) => void) {}

  set(connection: Connection): void {
    if (connection !== "connecting" && connection !== "lost") return this.become(connection);
    if (this.said === "connecting" && connection === "lost") return this.become("lost");
    if (this.said === "open") this.timer ??= setTimeout(() => this.reconnecting(), CALM_MS);
    else if (this.said === "paused") this.reconnecting();
  }

  trouble(silent: boolean): void {
    this.silent = silent;
    this.tell();
  }

  private reconnecting(): void {
    this.become("reconnecting");
    this.timer = setTimeout(() => this.become("lost"), LONG_MS);
  }

  private become(said: Said): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.said = said;
    this.tell();
  }

  private tell(): void {
    const said = this.silent && this.said === "open" ? "silent" : this.said;
    if (said === this.told) return;
    this.told = said;
    this.say(said);
  }
}
