// Cuts the ground's layers into vector tiles and lays these into one file, which the server answers in slices
// (mapsrv/web/tiles.py): "GRND", the number of zooms, then for each tile the byte where it begins, in the order of zoom,
// column and row, then one number more for the end, then the tiles, each gzipped. A tile without a byte has nothing in it.
// @ts-check

import { gzipSync } from "node:zlib";
import { GeoJSONVT } from "@maplibre/geojson-vt";
import { fromGeojsonVt } from "@maplibre/vt-pbf";
import { projected } from "./thinning.mjs";

export const LAST_ZOOM = 6; // beyond it these are drawn larger
const EXTENT = 4096;
const OPTIONS = { maxZoom: LAST_ZOOM, indexMaxZoom: LAST_ZOOM, indexMaxPoints: 0, tolerance: 4, extent: EXTENT, buffer: 80 };

/** @typedef {import("./layers.mjs").Thing} Thing */

/** @param {{ [layer: string]: Thing[] }} layers */
export function pack(layers) {
  const cutters = Object.entries(layers).map(([name, things]) => [name, cutterOf(things)]);
  /** @type {Buffer[]} */
  const tiles = [];
  for (let z = 0; z <= LAST_ZOOM; z++)
    for (let x = 0; x < 2 ** z; x++) for (let y = 0; y < 2 ** z; y++) tiles.push(tileOf(cutters, z, x, y));
  const head = Buffer.alloc(8 + 4 * (tiles.length + 1));
  head.write("GRND", "latin1");
  head.writeUInt32BE(LAST_ZOOM + 1, 4);
  let at = head.length;
  [...tiles, Buffer.alloc(0)].forEach((tile, i) => {
    head.writeUInt32BE(at, 8 + 4 * i);
    at += tile.length;
  });
  return Buffer.concat([head, ...tiles]);
}

/** @param {any[]} cutters @param {number} z @param {number} x @param {number} y */
function tileOf(cutters, z, x, y) {
  const found = cutters.map(([name, cut]) => [name, cut(z, x, y)]).filter(([, tile]) => tile?.features.length);
  if (!found.length) return Buffer.alloc(0);
  return gzipSync(fromGeojsonVt(Object.fromEntries(found), { version: 2, extent: EXTENT }), { level: 9 });
}

/** @param {Thing[]} things @returns {(z: number, x: number, y: number) => any} */
const cutterOf = (things) => (things[0].geometry.type === "Point" ? pointCutter(things) : shapeCutter(things));

/** An index for each zoom at which things are added. @param {Thing[]} things */
function shapeCutter(things) {
  const steps = [...new Set(things.map(({ first }) => first))].sort((a, b) => a - b);
  const indexes = steps.map((step, i) => {
    const features = things.filter(({ first }) => first <= step).map(({ properties, geometry }) => ({ type: "Feature", properties, geometry }));
    const [from, to] = [i ? step : 0, (steps[i + 1] ?? LAST_ZOOM + 1) - 1];
    return { from, to, index: new GeoJSONVT(/** @type {any} */ ({ type: "FeatureCollection", features }), { ...OPTIONS, indexMaxZoom: Math.min(to, LAST_ZOOM) }) };
  });
  return (/** @type {number} */ z, /** @type {number} */ x, /** @type {number} */ y) =>
    (z < steps[0] ? null : indexes.find(({ from, to }) => z >= from && z <= to)?.index.getTile(z, x, y));
}

/** A point is in one tile of a zoom; the last zoom has all. @param {Thing[]} things */
function pointCutter(things) {
  const placed = things.map(({ first, properties, geometry }) => ({ first, properties, at: projected(geometry.coordinates[0], geometry.coordinates[1]) }));
  /** @type {Map<string, any[]>} */
  const tiles = new Map();
  for (let z = 0; z <= LAST_ZOOM; z++) {
    for (const { first, properties, at: [x, y] } of placed) {
      if (first > z && z < LAST_ZOOM) continue;
      const [column, row] = [Math.min(2 ** z - 1, Math.floor(x * 2 ** z)), Math.floor(y * 2 ** z)];
      const key = `${z} ${column} ${row}`;
      const geometry = [[Math.round((x * 2 ** z - column) * EXTENT), Math.round((y * 2 ** z - row) * EXTENT)]];
      if (!tiles.has(key)) tiles.set(key, []);
      tiles.get(key)?.push({ type: 1, geometry, tags: properties });
    }
  }
  return (/** @type {number} */ z, /** @type {number} */ x, /** @type {number} */ y) => ({ features: tiles.get(`${z} ${x} ${y}`) ?? [] });
}
