// Reads the frame `presence`: who has the map open, which models have called lately, and what they ask. What another
// process or release told is passed on by the server as it came, so nothing is taken for granted. Pure.

import type { Model } from "../state/types.ts";

export interface View {
  center: [number, number];
  zoom: number;
  bearing: number;
  pitch: number;
  bounds: [number, number, number, number] | null;
}

export interface Person {
  id: string;
  name: string; // empty while nobody set one
  author: string; // the id that their changes bear; empty where it is not known
  view: View | null;
  cursor: [number, number] | null;
}

/** A call of a model. */
export interface Call {
  id: string;
  model: string;
  name: string; // the model's
  tool: string;
  state: "running" | "done" | "refused";
  reads: boolean;
  layer_id?: string;
  title?: string;
  reason?: string;
  position?: string;
  near?: string; // by what place the view is that it set
}

export interface Here {
  count: number; // of those who watch; those who are told by name may be fewer
  people: Person[];
  models: Model[];
  calls: Call[]; // the oldest first
}

const MOST = 100; // of either: the server tells of fewer
const LONGEST = 80; // characters of a name, as the server cuts them

export function readFrame(frame: any): Here {
  const people = items(frame?.viewers).map(personOf);
  const models = items(frame?.models).map(modelOf);
  const calls = items(frame?.calls).filter(({ name }) => typeof name === "string");
  return { count: Number.isFinite(frame?.count) ? frame.count : people.length, people, models, calls };
}

const items = (list: any): any[] =>
  (Array.isArray(list) ? list : []).filter((one) => typeof one?.id === "string" && one.id).slice(0, MOST);

const text = (value: unknown): string => (typeof value === "string" ? value.slice(0, LONGEST) : "");

const personOf = (one: any): Person =>
  ({ id: one.id, name: text(one.name), author: text(one.author), view: viewOf(one.viewport), cursor: numbers(one.cursor, 2) });

const modelOf = (one: any): Model => ({ id: one.id, name: text(one.name) || "An assistant", drawing: one.drawing === true });

function viewOf(value: any): View | null {
  const center = numbers<[number, number]>(value?.center, 2);
  if (!center || !Number.isFinite(value.zoom)) return null;
  const [bearing, pitch] = [value.bearing, value.pitch].map((turn) => (Number.isFinite(turn) ? turn : 0)) as [number, number];
  return { center, zoom: value.zoom, bearing, pitch, bounds: numbers(value.bounds, 4) };
}

const numbers = <T extends number[]>(value: unknown, count: number): T | null =>
  Array.isArray(value) && value.length === count && value.every(Number.isFinite) ? (value as T) : null;
