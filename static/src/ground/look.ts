// How the ground looks to this viewer: light or dark as the system is now, countries named in their language, and the
// ground that they chose for themselves alone. The same Look as long as nothing changes.

import { version } from "virtual:ground";
import type { Basemap, Look } from "../state/ground.ts";

const A = "A".charCodeAt(0);
const LETTERS = 26;

export class Looks {
  private now: Look;
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");

  constructor(private readonly changed: () => void) {
    const names = namesIn(navigator.language);
    this.now = { scheme: this.dark.matches ? "dark" : "light", version, ...(names ? { names } : {}) };
    this.dark.addEventListener("change", () => this.become({ scheme: this.dark.matches ? "dark" : "light" }));
  }

  get look(): Look {
    return this.now;
  }

  /** Undefined: the shared one again. */
  choose(own: Basemap | undefined): void {
    this.become({ own });
  }

  private become(change: Partial<Look>): void {
    this.now = { ...this.now, ...change };
    this.changed();
  }
}

/** Countries' names by ISO code, as the browser knows them; null for English, which the data has. */
export function namesIn(language: string): { [iso: string]: string } | null {
  if (/^en\b/i.test(language)) return null;
  try {
    const names = new Intl.DisplayNames([language], { type: "region", fallback: "none" });
    const found: { [iso: string]: string } = {};
    for (let i = 0; i < LETTERS ** 2; i++) {
      const iso = String.fromCharCode(A + Math.floor(i / LETTERS), A + (i % LETTERS));
      const name = names.of(iso);
      if (name) found[iso] = name;
    }
    return found;
  } catch {
    return null; // a language that is none
  }
}
