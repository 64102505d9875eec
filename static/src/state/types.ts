// The shapes of a shared map, exactly as they travel: the state, the ops that change it, and the frames of the stream.
// Values are never changed in place, so identity tells whether something changed.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A model that called lately, as the frame `presence` tells of it. */
export interface Model {
  readonly id: string;
  readonly name: string;
  readonly drawing: boolean;
}

export interface CenterCamera {
  center: [number, number]; // [lng, lat] in degrees
  zoom?: number;
  bearing?: number;
  pitch?: number;
}

export interface BoundsCamera {
  bounds: [number, number, number, number]; // [west, south, east, north]; west > east crosses the antimeridian
  padding?: number; // pixels
  bearing?: number;
  pitch?: number;
}

export type Camera = CenterCamera | BoundsCamera;

/** A style layer as the Style Spec writes it, but without `source`, which its MapLayer implies. */
export interface StyleLayer {
  id: string;
  type: string;
  paint?: JsonObject;
  layout?: JsonObject;
  minzoom?: number;
  maxzoom?: number;
  filter?: Json;
  [key: string]: Json | undefined;
}

export interface Override {
  paint?: JsonObject;
  layout?: JsonObject;
  minzoom?: number;
  maxzoom?: number;
  filter?: Json;
  visible?: boolean;
}

export interface MapLayer {
  id: string;
  title: string;
  type: "vector" | "raster";
  visible: boolean;
  rank: string;
  source: JsonObject;
  style_layers: StyleLayer[];
  filter?: Json;
  attribution?: string;
  restyled?: { [styleLayer: string]: Override };
  added?: { kind: string; name: string; at: string }; // by whom and when it was put there; of older layers it is not known
}

export interface MapState {
  title: string;
  basemap: string;
  camera: Camera;
  layers: MapLayer[]; // bottom to top
}

export interface Feature {
  type: "Feature";
  id?: string | number;
  geometry: JsonObject | null;
  properties: JsonObject | null;
  [key: string]: Json | undefined;
}

export interface FeatureUpdate {
  id: string | number;
  geometry?: JsonObject | null;
  properties?: JsonObject; // merged; null deletes
}

export interface FeatureDiff {
  add?: Feature[];
  update?: FeatureUpdate[];
  remove?: (string | number)[];
}

type Nullable<T> = { [K in keyof T]?: T[K] | null };

export type Op =
  | { op: "set_title"; title: string }
  | { op: "set_basemap"; basemap: string }
  | { op: "set_camera"; camera: Camera }
  | { op: "put_layer"; layer: MapLayer }
  | { op: "remove_layer"; id: string }
  | SetLayer
  | Restyle
  | UpdateFeatures;

export type SetLayer = { op: "set_layer"; id: string } & Nullable<
  Pick<MapLayer, "title" | "visible" | "rank" | "filter" | "attribution">
>;
export type Restyle = { op: "restyle"; id: string; style_layer: string } & Nullable<Override>;
export type UpdateFeatures = { op: "update_features"; id: string; data?: string } & FeatureDiff;

export interface Origin {
  kind: "person" | "model" | "system";
  id: string;
  name: string;
}

export interface MapEvent {
  at?: string | number;
  origin?: Origin;
  agent?: string; // tells models of one name apart
  ops: Op[];
}

export interface Snapshot {
  format: number;
  session_id: string;
  url: string;
  position: string;
  you?: string; // the id of this browser's own events
  state: MapState;
}

/** A whole style document, as toStyle() makes it. */
export interface StyleDocument {
  version: 8;
  name: string;
  center?: [number, number];
  zoom?: number;
  bearing?: number;
  pitch?: number;
  sources: { [id: string]: JsonObject };
  layers: StyleLayer[];
}
