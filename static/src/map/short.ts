// Whether a move is short: what is in the middle stays well in view, so that a flight would only lose the thread. Pure.

const TILE = 512; // pixels of the whole world at zoom 0, as MapLibre counts
const WITHIN = 0.5; // of the map's shorter side
const ZOOMS = 0.75;
const TURN = 30; // degrees of bearing and pitch

export interface View {
  center?: unknown; // [lng, lat], {lng, lat}, as MapLibre takes it
  zoom?: number;
  bearing?: number;
  pitch?: number;
}

export function isShort(from: View, to: View, size: number): boolean {
  const zoom = from.zoom ?? 0;
  if (Math.abs((to.zoom ?? zoom) - zoom) > ZOOMS) return false;
  for (const key of ["bearing", "pitch"] as const) if (turned((to[key] ?? from[key] ?? 0) - (from[key] ?? 0)) > TURN) return false;
  const [one, other] = [from.center, to.center ?? from.center].map(pointOf);
  const world = TILE * 2 ** zoom;
  const east = Math.abs(other!.x - one!.x) % 1;
  return Math.hypot(Math.min(east, 1 - east), other!.y - one!.y) * world <= size * WITHIN;
}

const turned = (degrees: number): number => Math.abs(((degrees + 540) % 360) - 180);

/** Web Mercator, the world from 0 to 1. */
function pointOf(center: any): { x: number; y: number } {
  const [lng, lat] = Array.isArray(center) ? center : [center?.lng ?? 0, center?.lat ?? 0];
  const sine = Math.sin((lat * Math.PI) / 180);
  return { x: lng / 360, y: Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}
