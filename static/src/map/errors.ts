// Collects what goes wrong on the map, so that it can be shown and reported. Bounded: a broken tile server can fail
// thousands of times, and one line about it is enough.

import type { Problem } from "../wire/presence.ts";

const MOST = 20; // more than anybody reads
const LONGEST = 500; // characters of one message

export class Problems {
  private items: Problem[] = [];

  constructor(private readonly onChange: (problems: Problem[]) => void) {}

  add(position: string, layerId: string | undefined, message: string): void {
    const text = message.slice(0, LONGEST);
    if (this.items.some((one) => one.layer_id === layerId && one.message === text)) return;
    const problem: Problem = layerId === undefined ? { position, message: text } : { position, layer_id: layerId, message: text };
    this.items = [...this.items, problem].slice(-MOST);
    this.onChange(this.items);
  }

  /** A layer that is changed or gone starts anew. */
  clear(layerId: string): void {
    const left = this.items.filter((one) => one.layer_id !== layerId);
    if (left.length === this.items.length) return;
    this.items = left;
    this.onChange(left);
  }

  all(): Problem[] {
    return this.items;
  }
}
