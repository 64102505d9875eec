// What goes wrong on the map, so that it can be shown and reported: one line a cause, three of a layer, each with how
// often it struck. A layer's lines go when it changes, loads or goes. Bounded: a broken tile server fails thousands of
// times, and one line about it is enough.

import type { Cause } from "./causes.ts";

const MOST = 20; // more than anybody reads
const MOST_A_LAYER = 3; // what follows from those
const LONGEST = 300; // characters of a text

/** One cause, as it is told to the server: mapsrv/wire/drawn.py. `since` is the position where it was first seen. */
export interface Problem {
  layer_id?: string;
  text: string;
  fix?: string;
  count: number;
  since: string;
}

/** The same for a person, beside the layer's title; `details`, if any, name the address, and what helps. */
export interface SaidProblem {
  layer_id?: string;
  words: string;
  details: string;
}

interface Item {
  line: Problem;
  cause: Cause;
}

export class Problems {
  private items: Item[] = [];

  constructor(private readonly onChange: (problems: Problem[]) => void) {}

  add(since: string, layerId: string | undefined, cause: Cause): void {
    const text = cause.text.slice(0, LONGEST);
    const same = this.items.find(({ line }) => line.layer_id === layerId && line.text === text);
    if (same) return this.again(same);
    const others = this.items.filter(({ line }) => line.layer_id === layerId);
    if (layerId !== undefined && others.length >= MOST_A_LAYER) return;
    const line: Problem = { text, count: 1, since };
    if (layerId !== undefined) line.layer_id = layerId;
    if (cause.fix) line.fix = cause.fix.slice(0, LONGEST);
    this.become([...this.items, { line, cause }].slice(-MOST));
  }

  /** A layer that is changed or gone starts anew; of one that has loaded only what was the load's. Undefined: the ground. */
  clear(layerId: string | undefined, kind?: Cause["kind"]): void {
    const left = this.items.filter((item) => item.line.layer_id !== layerId || (kind && item.cause.kind !== kind));
    if (left.length !== this.items.length) this.become(left);
  }

  all(): Problem[] {
    return this.items.map(({ line }) => line);
  }

  said(): SaidProblem[] {
    return this.items.map(({ line: { layer_id, text, fix, count }, cause }) => {
      const often = count > 1 ? ` (${count.toLocaleString()} times)` : "";
      const words = `${bare(cause.plain?.slice(0, LONGEST) ?? text)}${often}.`;
      return { layer_id, words, details: cause.plain || fix ? [`${bare(text)}.`, fix].filter(Boolean).join(" ") : "" };
    });
  }

  /** A count is told as it doubles: who asks in between gets the exact one. */
  private again(item: Item): void {
    item.line = { ...item.line, count: item.line.count + 1 };
    if (Number.isInteger(Math.log2(item.line.count))) this.onChange(this.all());
  }

  private become(items: Item[]): void {
    this.items = items;
    this.onChange(this.all());
  }
}

const bare = (text: string): string => text.replace(/\.$/, "");
