// The changes that were sent from here and have no answer yet. Most are answered before anybody could read a word of
// them; one that waits is said soon, and one that waits long is trouble, whatever the stream says meanwhile: a server
// that hangs leaves its stream open. No DOM: `show` shows it.

export const SHOWS_MS = 200; // so that it is on the screen within 300
export const TROUBLE_MS = 3_000;

export interface Waits {
  what: string[]; // those that are worth a word, the oldest first
  trouble: boolean; // one of them waits for long
}

interface Change {
  what: string;
  shown: boolean;
  trouble: boolean;
}

export class Waiting {
  private readonly changes = new Set<Change>();
  private told = "";

  constructor(private readonly show: (waits: Waits) => void) {}

  /** Counts a change as one that waits until its answer is there. */
  async during<T>(what: string, send: () => Promise<T>): Promise<T> {
    const change = { what, shown: false, trouble: false };
    this.changes.add(change);
    const timers = [setTimeout(() => this.become(change, "shown"), SHOWS_MS), setTimeout(() => this.become(change, "trouble"), TROUBLE_MS)];
    try {
      return await send();
    } finally {
      timers.forEach(clearTimeout);
      this.changes.delete(change);
      this.tell();
    }
  }

  private become(change: Change, stage: "shown" | "trouble"): void {
    change[stage] = true;
    this.tell();
  }

  private tell(): void {
    const shown = [...this.changes].filter((change) => change.shown);
    const waits = { what: shown.map(({ what }) => what), trouble: shown.some(({ trouble }) => trouble) };
    const text = JSON.stringify(waits);
    if (text === this.told || (!this.told && !shown.length)) return;
    this.told = text;
    this.show(waits);
  }
}
