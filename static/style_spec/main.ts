// The face of the engine, run by quickjs in mapsrv's child process: one request as JSON in, one answer as JSON out.
// It is given data only, never code. Data of a layer is sent once and kept under its name, the newest few.

import "./shims.ts";
import { latest } from "@maplibre/maplibre-gl-style-spec";
import { Budget, counted, rowOf, type Layer, type Row, type Sent } from "./features.ts";
import { held, names, tried } from "./trials.ts";
import { verdict, type Item, type Json } from "./verdicts.ts";

interface Count {
  filters: Json[]; // of each style layer, joined; null where it has none
  value: Json; // the one that was asked for
  zoom: number;
  view: number[] | null;
}

interface Request {
  judge: Item[];
  try: Item[];
  count: Count | null;
  data: { name: string; keep: number; rows?: Sent[]; promoteId?: string | null; cluster?: boolean } | null;
}

const kept = new Map<string, Row[]>();

function layerOf(data: NonNullable<Request["data"]>): Layer {
  const rows = data.rows?.map((row) => rowOf(row, data.promoteId)) ?? kept.get(data.name) ?? [];
  kept.delete(data.name);
  kept.set(data.name, rows);
  for (const name of kept.keys()) if (kept.size > data.keep) kept.delete(name);
  return { rows, promoteId: data.promoteId, cluster: data.cluster };
}

function answer(text: string): string {
  const request = JSON.parse(text) as Request;
  const verdicts = request.judge.map(verdict);
  const budget = new Budget();
  const layer = request.data && layerOf(request.data);
  const right = verdicts.every((faults) => !faults.length);
  const notes = layer && right ? request.try.map((item) => tried(item, layer, budget)) : [];
  const { count } = request;
  const matched = count && layer && right ? counted(count.filters, layer, count.zoom, count.view, new Budget()) : null;
  const holds = count && layer && matched?.total === 0 ? { fields: held(count.value, layer), names: names(layer.rows) } : null;
  const looked = layer && Math.min(layer.rows.length, budget.looked);
  return JSON.stringify({ verdicts, notes, looked, matched, holds });
}

/** The paint and layout properties of each layer type, for the tests that hold the server's own table to them. */
function properties(): string {
  const spec = latest as never as Record<string, object>;
  const types = Object.keys((spec.layer as { type: { values: object } }).type.values);
  const named = (group: string, type: string) => Object.keys(spec[`${group}_${type}`] ?? {});
  return JSON.stringify(types.map((type) => [type, named("paint", type), named("layout", type)]));
}

Object.assign(globalThis, { answer, properties });
