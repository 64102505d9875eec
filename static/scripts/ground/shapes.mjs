// Places in polygons: how large a ring is, and where in it a name stands. Pure.
// @ts-check

/** @typedef {[number, number][]} Ring */

/** @param {any} geometry @returns {Ring[][]} */
export const polygonsOf = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

/** @param {any} geometry @returns {Ring} the outer ring of the largest polygon */
export const biggest = (geometry) => polygonsOf(geometry).map((rings) => rings[0]).reduce((a, b) => (area(b) > area(a) ? b : a));

/** @param {Ring} ring square degrees, as they are at the equator */
export function area(ring) {
  let [sum, lats] = [0, 0];
  for (let i = 1; i < ring.length; i++) {
    sum += ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1];
    lats += ring[i][1];
  }
  return (Math.abs(sum) / 2) * Math.cos(((lats / (ring.length - 1)) * Math.PI) / 180);
}

/** The point of a coarse grid that lies deepest inside. @param {Ring} ring @returns {[number, number]} */
export function innermost(ring) {
  const [xs, ys] = [ring.map((p) => p[0]), ring.map((p) => p[1])];
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  /** @type {[number, number]} */
  let best = [(west + east) / 2, (south + north) / 2];
  let depth = inside(best, ring) ? distance(best, ring) : -1;
  for (let i = 1; i < 30; i++) {
    for (let j = 1; j < 30; j++) {
      /** @type {[number, number]} */
      const point = [west + ((east - west) * i) / 30, south + ((north - south) * j) / 30];
      if (!inside(point, ring)) continue;
      const here = distance(point, ring);
      if (here > depth) [best, depth] = [point, here];
    }
  }
  return best;
}

/** @param {[number, number]} p @param {Ring} ring */
function inside([x, y], ring) {
  let odd = false;
  for (let i = 1; i < ring.length; i++) {
    const [[x1, y1], [x2, y2]] = [ring[i - 1], ring[i]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) odd = !odd;
  }
  return odd;
}

/** @param {[number, number]} p @param {Ring} ring the distance to the nearest corner; names are wide, so height counts double */
const distance = ([x, y], ring) => Math.min(...ring.map(([a, b]) => Math.hypot(a - x, 2 * (b - y))));
