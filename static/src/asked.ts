// Answers what this page is asked by name over its stream: whether it has applied a position, and what came of the data
// of some layers. It answers at once where nothing is loading, and else when that has come, or when its time is over.

import type { JsonObject } from "./state/types.ts";

export interface Ask {
  ask: string; // the token of the answer
  position: string;
  wait: string[]; // layers whose data to wait for
  ms: number; // within which to answer
  read?: JsonObject; // and what there is in these vector tiles
  picture?: string; // it is asked for one too, by whoever bears this name
}

const LOOK_MS = 25; // between two looks at what is loading
const FRAME_MS = 200; // after which a frame that is not drawn is not waited for
const KEPT = 16; // answers that are told again with the next
const POSITIONS = 64; // passed lately; one that is older was passed in any case

export interface AskedOf {
  settled(layers: string[]): boolean;
  look(): void;
  hidden(): boolean;
  frame(run: () => void): void;
  /** Tells, at once, what is drawn, with these answers. */
  tell(answers: string[]): void;
  /** Reads what there is in vector tiles; the next that is told has it. */
  read(source: JsonObject): Promise<void>;
  /** Takes a picture and sends it. */
  picture(token: string, by: string): Promise<void>;
}

export class Answers {
  tokens: string[] = [];
  private readonly passed = new Set<string>();

  constructor(private readonly of: AskedOf) {}

  /** This page has applied what is at a position. */
  pass(position: string): void {
    this.passed.add(position);
    if (this.passed.size > POSITIONS) this.passed.delete(this.passed.values().next().value!);
  }

  async answer({ ask, position, wait, ms, picture, read }: Ask): Promise<void> {
    const until = Date.now() + ms;
    await this.until(() => this.passed.has(position), until);
    if (!this.of.hidden()) await this.drawn();
    await this.until(() => this.of.settled(wait), until);
    this.of.look();
    await this.until(() => this.of.settled(wait), until); // a look may ask for what is not known
    if (read) await this.of.read(read).catch(() => undefined);
    if (picture && !this.of.hidden()) await this.of.picture(ask, picture).catch(() => undefined);
    this.tokens = [...this.tokens, ask].slice(-KEPT);
    this.of.tell(this.tokens);
  }

  /** What was applied is with MapLibre: its next frame begins to load what that needs. */
  private drawn(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, FRAME_MS);
      this.of.frame(() => resolve());
    });
  }

  private async until(true_: () => boolean, until: number): Promise<void> {
    while (!true_() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
