// GeoJSON as what an outline is drawn of, within a budget of corners: what has more is shown by its extent. Pure.

import type { Bounds } from "../map/extent.ts";
import type { JsonObject } from "../state/types.ts";

export const MOST_CORNERS = 1_500; // of all that glows at once of a layer: each is projected anew while the map moves
const MOST_PARTS = 400;

/** A point alone, or the corners of a line; of an area the line goes back to its first. */
export interface Shape {
  corners: [number, number][];
  closed: boolean;
}

/** The outlines, or null where there are too many corners. */
export function shapesOf(geometries: JsonObject[], most = MOST_CORNERS): Shape[] | null {
  const shapes: Shape[] = [];
  let corners = 0;
  for (const shape of geometries.flatMap(parts)) {
    corners += shape.corners.length;
    if (corners > most || (shapes.length >= MOST_PARTS && most === MOST_CORNERS)) return null;
    shapes.push(shape);
  }
  return shapes;
}

/** [west, south, east, north], or null of nothing. */
export function boundsOf(shapes: Shape[]): Bounds | null {
  const bounds: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { corners } of shapes)
    for (const [lng, lat] of corners) {
      bounds[0] = Math.min(bounds[0], lng);
      bounds[1] = Math.min(bounds[1], lat);
      bounds[2] = Math.max(bounds[2], lng);
      bounds[3] = Math.max(bounds[3], lat);
    }
  return bounds.every(Number.isFinite) ? bounds : null;
}

const PARTS: { [type: string]: (coordinates: any) => Shape[] } = {
  Point: (point) => [made([point])],
  MultiPoint: (points) => points.map((point: any) => made([point])),
  LineString: (line) => [made(line)],
  MultiLineString: (lines) => lines.map((line: any) => made(line)),
  Polygon: (rings) => rings.map((ring: any) => made(ring, true)),
  MultiPolygon: (areas) => areas.flat().map((ring: any) => made(ring, true)),
};

const made = (corners: any, closed = false): Shape => ({ corners, closed });

function parts(geometry: any): Shape[] {
  if (geometry?.type === "GeometryCollection") return (geometry.geometries ?? []).flatMap(parts);
  const make = Object.hasOwn(PARTS, geometry?.type) ? PARTS[geometry.type] : undefined;
  return make && Array.isArray(geometry.coordinates) ? make(geometry.coordinates).filter(isSound) : [];
}

const isSound = ({ corners }: Shape): boolean =>
  Array.isArray(corners) && corners.length > 0 && corners.every((one) => Number.isFinite(one?.[0]) && Number.isFinite(one?.[1]));
