// Where changes are kept, in words. While the store is away the server holds them itself, and that is said; a server
// that never had another store than its memory says so as a plain fact. No DOM: `show` shows it.

export const THANKS_MS = 5_000; // how long "Saved" stays

const DURABILITY: { [word: string]: string } = {
  disk: "Saved on disk",
  memory: "Kept in memory only",
  redis: "Saved on the server",
  replicated: "Saved on two servers",
};

export interface Status {
  durability?: string;
  pending?: number; // changes that the store does not have yet
  refused?: unknown;
}

/** `fact` is there to be read, `news` is told also to those who cannot see it, `waiting` goes on from it. */
export interface Words {
  fact: string;
  news: string;
  waiting: string;
}

export class Saving {
  private elsewhere = false; // a store beside the server's memory was seen
  private apart = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly show: (words: Words) => void) {}

  status({ durability = "", pending = 0, refused }: Status): void {
    const memory = durability === "memory";
    const was = this.apart;
    this.elsewhere ||= !memory && durability !== "";
    this.apart = pending > 0 || (memory && this.elsewhere);
    if (this.apart) return this.say({ fact: "", news: memory ? "Saved here only" : "Saving", waiting: waiting(pending) });
    const fact = DURABILITY[durability] ?? sentence(durability);
    const lost = Array.isArray(refused) && refused.length > 0;
    if (was && !lost) this.thank(fact);
    else if (was || this.timer === undefined) this.say({ fact, news: "", waiting: "" });
  }

  private thank(fact: string): void {
    this.say({ fact: "", news: "Saved", waiting: "" });
    this.timer = setTimeout(() => this.say({ fact, news: "", waiting: "" }), THANKS_MS);
  }

  private say(words: Words): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.show(words);
  }
}

const waiting = (count: number): string => (count > 0 ? `: ${count} ${count === 1 ? "change" : "changes"} waiting` : "");

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).replaceAll("_", " ");
