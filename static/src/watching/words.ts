// What an event did, in plain words: a verb in the present, and the layer's title. Pure, so that who was there and who
// comes later read the same. Titles and properties are what strangers wrote: text, never HTML.

import type { Camera, Json, MapLayer, Op, Restyle, SetLayer, UpdateFeatures } from "../state/types.ts";
import { fieldsOf } from "./fields.ts";

export interface Act {
  did: string; // "adds Cities"
  layer?: string; // its id
  camera?: Camera;
}

const MAX_FIELDS = 2; // that a sentence names
const MAX_WORDS = 60; // characters of a title or a property in it
const MAX_COLOUR = 24;

/** The layers as they were before the next op; what is older than all that is known goes by `fallback`, else by its id. */
export class Known {
  private readonly layers = new Map<string, MapLayer | { title: string }>();

  constructor(layers: readonly MapLayer[] = [], private readonly fallback: (id: string) => string = (id) => id) {
    for (const layer of layers) this.layers.set(layer.id, layer);
  }

  get(id: string): Partial<MapLayer> | undefined {
    return this.layers.get(id);
  }

  title(id: string): string {
    const known = this.layers.get(id);
    return cut(known ? known.title || id : this.fallback(id));
  }

  /** Takes what an op says of a layer. */
  take(op: Op): void {
    if (op.op === "put_layer") this.layers.set(op.layer.id, op.layer);
    if (op.op === "remove_layer") this.layers.delete(op.id);
    if (op.op === "set_layer" && op.title) this.layers.set(op.id, { ...this.layers.get(op.id), title: op.title });
  }
}

/** What these ops do, each act once; `known` is where they begin, and afterwards where they end. */
export function actsOf(ops: readonly Op[], known: Known): Act[] {
  const acts: Act[] = [];
  for (const op of ops) {
    const act = actOf(op, known);
    known.take(op);
    if (!acts.some(({ did }) => did === act.did)) acts.push(act);
  }
  return acts;
}

/** One sentence's worth of them. */
export function together(acts: readonly Act[]): string {
  const did = acts.slice(0, 2).map((act) => act.did).join(" and ");
  return acts.length > 2 ? `${did}, and more` : did || "changes the map";
}

function actOf(op: Op, known: Known): Act {
  switch (op.op) {
    case "set_title":
      return { did: op.title ? `names the map “${cut(op.title)}”` : "takes the map's name away" };
    case "set_basemap":
      return { did: `changes the ground to “${cut(op.basemap)}”` };
    case "set_camera":
      return { did: "moves the view", camera: op.camera };
    case "put_layer":
      return { did: put(op.layer, known), layer: op.layer.id };
    case "remove_layer":
      return { did: `removes ${known.title(op.id)}`, layer: op.id };
    case "set_layer":
      return { did: set(op, known.title(op.id)), layer: op.id };
    case "restyle":
      return { did: restyled(op, known.title(op.id)), layer: op.id };
    case "update_features":
      return { did: updated(op, known.title(op.id)), layer: op.id };
  }
}

function put(layer: MapLayer, known: Known): string {
  const before = known.get(layer.id);
  const title = cut(layer.title || layer.id);
  const by = fieldsOf(colourOf(layer));
  const coloured = by.length ? `, coloured by ${list(by)}` : "";
  if (!before) return `adds ${title}${coloured}`;
  const sameData = before.source && JSON.stringify(before.source) === JSON.stringify(layer.source);
  return sameData ? `draws ${title} anew${coloured}` : `replaces ${title}${coloured}`;
}

function colourOf({ style_layers }: MapLayer): Json | undefined {
  for (const { paint = {} } of style_layers ?? [])
    for (const [name, value] of Object.entries(paint)) if (name.endsWith("-color") && fieldsOf(value).length) return value;
  return undefined;
}

function set(op: SetLayer, title: string): string {
  if ("visible" in op) return `${op.visible ? "shows" : "hides"} ${title}`;
  if ("title" in op) return `renames ${title} to ${cut(op.title || op.id)}`;
  if ("filter" in op) return filtered(op.filter, title);
  if ("rank" in op) return `moves ${title} in the order of layers`;
  return `changes the credit of ${title}`;
}

function restyled(op: Restyle, title: string): string {
  if (op.visible !== undefined) return `${op.visible === false ? "hides" : "shows"} a part of ${title}`;
  for (const part of [op.paint, op.layout]) {
    const [name, value] = Object.entries(part ?? {}).find(([, one]) => one !== null) ?? [];
    if (name !== undefined) return look(name, value!, title);
  }
  if (op.filter !== undefined) return filtered(op.filter, title);
  if (op.minzoom !== undefined || op.maxzoom !== undefined) return `changes at which zooms ${title} is seen`;
  return `takes back how ${title} was restyled`;
}

const LOOKS: [ending: RegExp, verb: string][] = [
  [/-color$|-pattern$/, "colours"],
  [/-radius$|-width$|-size$|-height$/, "sizes"],
  [/-opacity$/, "fades"],
  [/^text-field$/, "labels"],
  [/^icon-image$/, "marks"],
];

function look(name: string, value: Json, title: string): string {
  const verb = LOOKS.find(([ending]) => ending.test(name))?.[1];
  if (!verb) return `changes the look of ${title}`;
  const by = fieldsOf(value);
  if (by.length) return `${verb} ${title} by ${list(by)}`;
  const plain = verb === "colours" && name.endsWith("-color") && typeof value === "string" && value.length <= MAX_COLOUR;
  return plain ? `${verb} ${title} ${value}` : `${verb} ${title}`;
}

function filtered(filter: Json | undefined, title: string): string {
  if (filter === null || filter === undefined) return `shows all of ${title} again`;
  const by = fieldsOf(filter);
  return by.length ? `filters ${title} by ${list(by)}` : `filters ${title}`;
}

function updated(op: UpdateFeatures, title: string): string {
  const counts: [string, string, number][] = [
    ["adds", "to", op.add?.length ?? 0],
    ["changes", "of", op.update?.length ?? 0],
    ["removes", "from", op.remove?.length ?? 0],
  ];
  const some = counts.filter(([, , count]) => count > 0);
  if (some.length !== 1) return `changes what is in ${title}`;
  const [verb, of, count] = some[0]!;
  return `${verb} ${count === 1 ? "1 feature" : `${count} features`} ${of} ${title}`;
}

const list = (names: string[]): string => names.slice(0, MAX_FIELDS).map(cut).join(" and ");

export const cut = (text: string): string => (text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS - 1)}…` : text);

