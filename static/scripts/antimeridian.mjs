// Cuts polygons that run over the antimeridian or around a pole, as RFC 7946 wants them (section 3.1.9). The atlas has
// them stitched together, as a globe does: a ring just jumps from 180 to -180. Pure.
// @ts-check

/** @typedef {[number, number][]} Ring */

const WORLDS = [-1, 0, 1]; // copies of the world that an unwrapped ring may reach into

/** @param {Ring[][]} polygons @returns {Ring[][]} */
export const cutPolygons = (polygons) => polygons.flatMap((rings) => (rings.some(jumps) ? cut(rings) : [rings]));

/** @param {Ring} ring */
const jumps = (ring) => ring.some(([lng], i) => i > 0 && Math.abs(lng - ring[i - 1][0]) > 180);

/** @param {Ring[]} rings @returns {Ring[][]} */
function cut(rings) {
  const flat = rings.map(unwrapped);
  const parts = WORLDS.map((world) => flat.map((ring) => inWorld(ring, world)).filter((ring) => ring.length > 3));
  return parts.filter((part) => part.length > 0);
}

/** The ring with longitudes that go on beyond 180 instead of jumping. @param {Ring} ring @returns {Ring} */
function unwrapped(ring) {
  let shift = 0;
  /** @type {Ring} */
  const result = ring.map(([lng, lat], i) => {
    const step = i > 0 ? lng - ring[i - 1][0] : 0;
    if (step > 180) shift -= 360;
    if (step < -180) shift += 360;
    return [lng + shift, lat];
  });
  if (shift === 0) return result;
  const pole = ring[0][1] < 0 ? -90 : 90; // it goes once around the world: close it along the pole
  return [...result, [result[result.length - 1][0], pole], [result[0][0], pole], result[0]];
}

/** @param {Ring} ring @param {number} world @returns {Ring} */
function inWorld(ring, world) {
  const [west, east] = [-180 + 360 * world, 180 + 360 * world];
  const clipped = clip(clip(ring, west, (lng) => lng >= west), east, (lng) => lng <= east);
  return clipped.map(([lng, lat]) => [lng - 360 * world, lat]);
}

/**
 * Sutherland and Hodgman's clipping against one meridian.
 * @param {Ring} ring @param {number} edge @param {(lng: number) => boolean} inside @returns {Ring}
 */
function clip(ring, edge, inside) {
  /** @type {Ring} */
  const result = [];
  for (let i = 1; i < ring.length; i++) {
    const [[x1, y1], [x2, y2]] = [ring[i - 1], ring[i]];
    if (inside(x1) !== inside(x2)) result.push([edge, y1 + ((edge - x1) / (x2 - x1)) * (y2 - y1)]);
    if (inside(x2)) result.push([x2, y2]);
  }
  return result.length ? [...result, result[0]] : result;
}
