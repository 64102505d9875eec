// From an event to what of the map it changed, as somebody who looks at it would say: these features, or that layer.
// Pure. What has no place (the title, a camera, the ground) is no change here.

import type { Feature, FeatureDiff, JsonObject, MapEvent, MapLayer, MapState, Op } from "../state/types.ts";

export const MOST_FEATURES = 100; // of a layer that are shown each by itself
const PLACELESS = new Set(["title", "attribution"]); // of set_layer

export interface Change {
  layer: MapLayer; // as it is, or as it was before it went
  /** Geometries of the features, by id; "whole" is the layer, wherever that is. */
  features: Map<string | number, JsonObject> | "whole";
}

/** Finds features that the page has, by id: what an op does not say itself. */
export type Lookup = (layer: string, ids: (string | number)[]) => Feature[];

/** One for each layer, in the order of the ops. */
export function changesOf(event: MapEvent, before: MapState, after: MapState, lookup: Lookup): Change[] {
  const changes = new Map<string, Change>();
  for (const op of event.ops) {
    const id = op.op === "put_layer" ? op.layer.id : "id" in op ? op.id : undefined;
    if (id === undefined || !hasPlace(op)) continue;
    const both = [after, before].flatMap(({ layers }) => layers.filter((one) => one.id === id));
    const layer = both[0];
    if (!layer || !both.some((one) => one.visible)) continue;
    const features = op.op === "update_features" ? featuresOf(op, id, before, lookup) : "whole";
    changes.set(id, merged(changes.get(id), { layer, features }));
  }
  return [...changes.values()];
}

/** Both together; of more features than are shown, the layer. */
export function merged(one: Change | undefined, other: Change): Change {
  if (!one || other.features === "whole") return other;
  if (one.features === "whole") return { ...other, features: "whole" };
  const features = new Map([...one.features, ...other.features]);
  return { ...other, features: features.size > MOST_FEATURES ? "whole" : features };
}

function hasPlace(op: Op): boolean {
  if (op.op === "set_layer") return Object.keys(op).some((key) => key !== "op" && key !== "id" && !PLACELESS.has(key));
  return op.op === "put_layer" || op.op === "remove_layer" || op.op === "restyle" || op.op === "update_features";
}

function featuresOf(diff: FeatureDiff, layer: string, before: MapState, lookup: Lookup): Change["features"] {
  const { add = [], update = [], remove = [] } = diff;
  const named = [...add, ...update].filter((one) => one.id !== undefined);
  if (named.length < add.length + update.length || !(named.length + remove.length)) return "whole";
  if (named.length + remove.length > MOST_FEATURES) return "whole";
  const found = new Map<string | number, JsonObject>();
  for (const { id, geometry } of named) if (geometry) found.set(id!, geometry);
  const silent = [...update.filter((one) => one.geometry === undefined).map((one) => one.id), ...remove];
  for (const { id, geometry } of known(layer, silent, before, lookup)) if (geometry && id !== undefined) found.set(id, geometry);
  return found.size ? found : "whole";
}

function known(layer: string, ids: (string | number)[], before: MapState, lookup: Lookup): Feature[] {
  if (!ids.length) return [];
  const data = before.layers.find((one) => one.id === layer)?.source.data as JsonObject | string | undefined;
  const inline = typeof data === "object" && Array.isArray(data?.features) ? (data.features as unknown as Feature[]) : null;
  return inline ? inline.filter((one) => one.id !== undefined && ids.includes(one.id)) : lookup(layer, ids);
}
