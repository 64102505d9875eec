// apply(state, op) -> state: what each op does to a map's state. Pure, and it never fails: an op that names a layer
// which is not there changes nothing. The server applies ops by the same rules; shared vectors hold both to them.

import type {
  Feature, FeatureDiff, FeatureUpdate, Json, JsonObject, MapEvent, MapLayer, MapState, Op, Override, Restyle, SetLayer,
  UpdateFeatures,
} from "./types.ts";

type Apply<K extends Op["op"]> = (state: MapState, op: Extract<Op, { op: K }>) => MapState;

const APPLY: { [K in Op["op"]]: Apply<K> } = {
  set_title: (state, { title }) => ({ ...state, title }),
  set_basemap: (state, { basemap }) => ({ ...state, basemap }),
  set_camera: (state, { camera }) => ({ ...state, camera }),
  put_layer: (state, { layer }) => withLayers(state, [...state.layers.filter((other) => other.id !== layer.id), layer]),
  remove_layer: (state, { id }) => ({ ...state, layers: state.layers.filter((layer) => layer.id !== id) }),
  set_layer: (state, op) => changeLayer(state, op.id, (layer) => setLayer(layer, op)),
  restyle: (state, op) => changeLayer(state, op.id, (layer) => restyle(layer, op)),
  update_features: (state, op) => changeLayer(state, op.id, (layer) => updateFeatures(layer, op)),
};

/** Whether this page knows the op; of an unknown one it must not guess, but take a snapshot. */
export const isKnownOp = (op: { op: string }): op is Op => Object.hasOwn(APPLY, op.op);

export function applyOp(state: MapState, op: Op): MapState {
  return (APPLY[op.op] as (state: MapState, op: Op) => MapState)(state, op);
}

export const applyEvent = (state: MapState, event: MapEvent): MapState => event.ops.reduce(applyOp, state);

/** Compares by code point, which for UTF-8 is bytewise; `<` on strings would compare UTF-16 units. */
export function compareText(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i].codePointAt(0)! - right[i].codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

const inDrawingOrder = (a: MapLayer, b: MapLayer): number => compareText(a.rank, b.rank) || compareText(a.id, b.id);

const withLayers = (state: MapState, layers: MapLayer[]): MapState => ({ ...state, layers: layers.sort(inDrawingOrder) });

function changeLayer(state: MapState, id: string, change: (layer: MapLayer) => MapLayer): MapState {
  if (!state.layers.some((layer) => layer.id === id)) return state;
  return withLayers(state, state.layers.map((layer) => (layer.id === id ? change(layer) : layer)));
}

/** `base` with each given key set, or removed where the value is null. */
function merged<T extends object>(base: T | undefined, changes: object): T {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete result[key];
    else if (value !== undefined) result[key] = value;
  }
  return result as T;
}

function pick(op: object, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(op).filter(([key]) => keys.includes(key)));
}

const setLayer = (layer: MapLayer, op: SetLayer): MapLayer =>
  merged(layer, pick(op, ["title", "visible", "rank", "filter", "attribution"]));

function restyle(layer: MapLayer, op: Restyle): MapLayer {
  const before: Override = layer.restyled?.[op.style_layer] ?? {};
  let override = merged(before, pick(op, ["minzoom", "maxzoom", "filter", "visible"]));
  for (const group of ["paint", "layout"] as const) {
    if (op[group] === undefined) continue;
    const properties = op[group] === null ? {} : merged(override[group], op[group]!);
    override = merged(override, { [group]: orNull(properties) });
  }
  const restyled = merged(layer.restyled, { [op.style_layer]: orNull(override) });
  return merged(layer, { restyled: orNull(restyled) });
}

const orNull = <T extends object>(value: T): T | null => (Object.keys(value).length ? value : null);

function updateFeatures(layer: MapLayer, op: UpdateFeatures): MapLayer {
  if (op.data !== undefined) return { ...layer, source: { ...layer.source, data: op.data } };
  const data = layer.source.data as JsonObject | undefined;
  if (!data || !Array.isArray(data.features)) return layer;
  const features = applyDiff(data.features as unknown as Feature[], op) as unknown as Json;
  return { ...layer, source: { ...layer.source, data: { ...data, features } } };
}

/** Removes, then adds (in place where the id is there), then updates. */
export function applyDiff(features: Feature[], { remove = [], add = [], update = [] }: FeatureDiff): Feature[] {
  const gone = new Set(remove);
  const result = features.filter((feature) => feature.id === undefined || !gone.has(feature.id));
  const places = new Map(result.map((feature, place) => [feature.id, place]));
  for (const feature of add) {
    const place = feature.id === undefined ? undefined : places.get(feature.id);
    if (place === undefined) places.set(feature.id, result.push(feature) - 1);
    else result[place] = feature;
  }
  for (const change of update) {
    const place = places.get(change.id);
    if (place !== undefined) result[place] = updated(result[place], change);
  }
  return result;
}

function updated(feature: Feature, change: FeatureUpdate): Feature {
  const result = { ...feature };
  if (change.geometry !== undefined) result.geometry = change.geometry;
  if (Object.keys(change.properties ?? {}).length) result.properties = merged(feature.properties ?? {}, change.properties!);
  return result;
}
