// From which zoom each place shows: the greatest first, each where it has room among those that are there already.
// The same places stand at every zoom after their first, so nothing vanishes as one comes nearer. Pure.
// @ts-check

const WORLD = 512; // pixels around the world at zoom 0
export const LAST = 9; // places that find no room until here come then

/** @typedef {{ lng: number, lat: number, weight: number, first?: number }} Place */

// Pixels that a place keeps free around itself at each zoom, and what it must weigh to show where it has that room.
const ROOM = 46;
const LEAST = [1e12, 1.2e7, 5e6, 1.6e6, 5e5, 1.8e5, 7e4, 3e4, 15e3, 0];
const LONELY = { room: 190, least: 4 }; // where so much is free, a quarter of that weight is enough

/** @param {number} lng @param {number} lat @returns {[number, number]} on a square of side 1 */
export function projected(lng, lat) {
  const sine = Math.sin((Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180);
  return [lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** The zoom from which each place shows, in the order given: the weightiest must come first. @param {Place[]} places */
export function firstZooms(places) {
  const points = places.map(({ lng, lat }) => projected(lng, lat));
  const found = places.map(({ first }) => first ?? LAST);
  const shown = new Set();
  for (let zoom = 0; zoom < LAST; zoom++) {
    const grid = new Grid(LONELY.room / (WORLD * 2 ** zoom));
    for (const i of shown) grid.add(points[i]);
    places.forEach(({ weight, first = 0 }, i) => {
      if (shown.has(i) || zoom < first || weight * LONELY.least < LEAST[zoom]) return;
      const need = weight >= LEAST[zoom] ? ROOM : LONELY.room;
      if (grid.isTaken(points[i], need / (WORLD * 2 ** zoom))) return;
      grid.add(points[i]);
      shown.add(i);
      found[i] = zoom;
    });
  }
  return found;
}

class Grid {
  /** @param {number} size of a cell; nothing farther is asked for */
  constructor(size) {
    this.size = size;
    /** @type {Map<string, [number, number][]>} */
    this.cells = new Map();
  }

  /** @param {[number, number]} point */
  add([x, y]) {
    const key = `${Math.floor(x / this.size)} ${Math.floor(y / this.size)}`;
    this.cells.set(key, [...(this.cells.get(key) ?? []), [x, y]]);
  }

  /** @param {[number, number]} point @param {number} reach */
  isTaken([x, y], reach) {
    const [column, row] = [Math.floor(x / this.size), Math.floor(y / this.size)];
    for (let i = column - 1; i <= column + 1; i++)
      for (let j = row - 1; j <= row + 1; j++)
        for (const [a, b] of this.cells.get(`${i} ${j}`) ?? []) if (Math.hypot(a - x, b - y) < reach) return true;
    return false;
  }
}
