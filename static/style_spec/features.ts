// The features of a layer's data as MapLibre has them: which pass a filter, and which of those are in view.

import { featureFilter } from "@maplibre/maplibre-gl-style-spec";
import { said } from "./errors.ts";
import type { Json } from "./verdicts.ts";

export type Value = string | number | boolean | null;
type Kind = 0 | 1 | 2 | 3;
/** A feature as it is sent: type 1 point, 2 line, 3 area, 0 none; its id; its properties; [west, south, east, north]. */
export type Sent = [type: Kind, id: Value, properties: { [name: string]: Json }, box: number[] | null];
/** A feature as MapLibre's tiles have it, and its box. */
export interface Row {
  type: Kind;
  id?: number;
  properties: { [name: string]: Json };
  geometry: never[];
  box: number[] | null;
}

export interface Layer {
  rows: Row[];
  promoteId?: string | null;
  cluster?: boolean; // then features are also clusters, of which the data knows nothing
}

const TRIAL_MS = 400; // for all that is tried in one request: what is right must not come to the engine's own limit
const ROWS_A_LOOK = 100; // between two looks at the clock

/** The time that trials may take, and how many of the features they came to at the least. */
export class Budget {
  looked = Infinity;
  private readonly end = Date.now() + TRIAL_MS;

  /** Does the work for each row while there is time; returns for how many. */
  spend(rows: Row[], work: (row: Row) => void): number {
    let done = 0;
    for (const row of rows) {
      if (done % ROWS_A_LOOK === 0 && done && Date.now() > this.end) break;
      work(row);
      done++;
    }
    this.looked = Math.min(this.looked, done);
    return done;
  }

  get spent(): boolean {
    return Date.now() > this.end;
  }
}

export function rowOf([type, id, properties, box]: Sent, promoteId?: string | null): Row {
  const own = promoteId ? properties[promoteId] : id;
  const number = own === null || own === "" || typeof own === "object" ? NaN : Number(own); // as the source's worker reads it
  return { type, properties, geometry: [], box, ...(isNaN(number) ? {} : { id: Math.trunc(number) }) };
}

/** The rows that have a geometry and pass one of the filters; null passes all. */
export function passing(filters: Json[], { rows }: Layer, zoom: number, budget: Budget): Row[] {
  if (filters.includes(null)) return rows.filter((row) => row.type);
  const tests = filters.map((filter) => testOf(filter));
  const found: Row[] = [];
  budget.spend(rows, (row) => {
    if (row.type && tests.some((test) => test(row, zoom))) found.push(row);
  });
  return found;
}

/** Counts the features that pass one of the filters, and those of them in a view. */
export function counted(filters: Json[], layer: Layer, zoom: number, view: number[] | null, budget: Budget) {
  const found = passing(filters, layer, zoom, budget);
  const inView = view === null ? found : found.filter((row) => row.box && meets(row.box, view));
  return { total: found.length, of: Math.min(layer.rows.length, budget.looked), in_view: inView.length };
}

function testOf(filter: Json): (feature: Row, zoom: number) => boolean {
  try {
    const compiled = featureFilter(filter as never, "filter").filter;
    return (feature, zoom) => compiled({ zoom }, feature as never);
  } catch (error) {
    said(error);
    return () => false; // of an older map: no browser draws that style layer
  }
}

function meets([west = 0, south = 0, east = 0, north = 0]: number[], [left = 0, bottom = 0, right = 0, top = 0]: number[]): boolean {
  if (north < bottom || south > top) return false;
  const wide = (a: number, b: number) => (b < a ? b + 360 : b);
  return [-360, 0, 360].some((turn) => west + turn <= wide(left, right) && wide(west, east) + turn >= left);
}
