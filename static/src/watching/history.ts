// All that changed the map, as far as it is known: pages of GET /log, and what came since over the stream. The same list
// for who was there and who comes later. No DOM.

import type { Camera, MapEvent, MapState, Model } from "../state/types.ts";
import { whoOf, type Who } from "./who.ts";
import { actsOf, Known, together, type Act } from "./words.ts";

const MAX_EVENTS = 2_000; // that a page keeps; older ones are asked for again
const TURN_MS = 2 * 60_000; // a pause after which the same author begins another turn
const MAX_LAYER_NAMES = 5_000;

export interface Logged extends MapEvent {
  position: string;
}

/** `more`: there are older ones to ask for; `forgotten`: there were. */
export type Older = "more" | "none" | "forgotten";

export interface LogPage {
  older: Older;
  events: Logged[]; // newest first
}

export interface Line {
  position: string;
  did: string;
  at: Date | null;
  times: number; // so often in a row
  go: Act | null; // its place, where it has one
  camera: Camera | null; // where the view went, if that is all
}

/** What one author did without a pause, newest first. */
export interface Turn {
  who: Who;
  at: Date | null; // of the newest
  lines: Line[];
}

export class History {
  older: Older = "more";
  private events: Logged[] = []; // newest first

  get oldest(): string {
    return this.events.at(-1)?.position ?? "";
  }

  clear(): void {
    this.events = [];
    this.older = "more";
  }

  /** The newest page: `newer` are events that came while it was on its way. */
  start({ events, older }: LogPage, newer: readonly Logged[]): void {
    const known = new Set(events.map(({ position }) => position));
    this.events = [...newer.filter(({ position }) => !known.has(position)).toReversed(), ...events];
    this.older = older;
  }

  /** The page before `oldest`. */
  append({ events, older }: LogPage): void {
    this.events.push(...events);
    this.older = older;
  }

  add(event: Logged): void {
    this.events.unshift(event);
    if (this.events.length <= MAX_EVENTS) return;
    this.events.length = MAX_EVENTS;
    this.older = "more";
  }

  /** All turns, newest first. A layer's name is that of its time, where the list says it. */
  turns(state: MapState, models: readonly Model[], you: string): Turn[] {
    const known = new Known([], namesOf(state, this.events));
    const there = new Set(state.layers.map(({ id }) => id));
    const turns: Turn[] = [];
    for (const event of this.events.toReversed()) addTo(turns, event, actsOf(event.ops, known), whoOf(event, models, you), there);
    return turns.map((turn) => ({ ...turn, lines: turn.lines.toReversed() })).toReversed();
  }
}

function addTo(turns: Turn[], event: Logged, acts: Act[], who: Who, there: Set<string>): void {
  const at = dateOf(event.at);
  let turn = turns.at(-1);
  const pause = turn?.at && at ? at.getTime() - turn.at.getTime() : 0;
  if (!turn || turn.who.id !== who.id || pause > TURN_MS) turns.push((turn = { who, at, lines: [] }));
  turn.at = at;
  const go = acts.find((act) => act.camera || (act.layer !== undefined && there.has(act.layer))) ?? null;
  const camera = (acts.length === 1 && acts[0]!.camera) || null;
  const line = { position: event.position, did: together(acts), at, times: 1, go, camera };
  const last = turn.lines.at(-1);
  if (last?.did === line.did) turn.lines[turn.lines.length - 1] = { ...line, times: last.times + 1 };
  else turn.lines.push(line);
}

/** The names of layers that nothing in the list says at their time: as they are now, or as they were last put there. */
function namesOf(state: MapState, events: readonly Logged[]): (id: string) => string {
  const names = new Map(state.layers.map(({ id, title }) => [id, title || id]));
  for (const { ops } of events)
    for (const op of ops)
      if (op.op === "put_layer" && !names.has(op.layer.id) && names.size < MAX_LAYER_NAMES) names.set(op.layer.id, op.layer.title || op.layer.id);
  return (id) => names.get(id) ?? id;
}

function dateOf(at: string | number | undefined): Date | null {
  const date = new Date(at ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}
