// Writes the built-in basemap into the build: Natural Earth's countries, the borders between them and a place for
// each name, as plain GeoJSON. Borders are a mesh of their own, so that the cut at the antimeridian is not drawn.
// The US states (Census Bureau) go with them: the page has no use for these, cut_places/ takes them away.
// @ts-check

import { readFileSync } from "node:fs";
import { feature, mesh } from "topojson-client";
import { cutPolygons } from "./antimeridian.mjs";

const DECIMALS = 3; // about 100 m at the equator, finer than the data
const SIZES = [400, 100, 30, 8, 2, 0]; // square degrees of a country's biggest part -> how early its name shows

/** @typedef {[number, number][]} Ring */

/** @param {string} file @returns {any} */
const readAtlas = (file) => JSON.parse(readFileSync(new URL(`../node_modules/${file}.json`, import.meta.url), "utf8"));

/** @param {any} coordinates @returns {any} */
function rounded(coordinates) {
  if (typeof coordinates[0] === "number") return coordinates.map((/** @type {number} */ x) => +x.toFixed(DECIMALS));
  return coordinates.map(rounded);
}

/** @param {any} atlas @returns {any} */
function countries(atlas) {
  const { features } = /** @type {any} */ (feature(atlas, atlas.objects.countries));
  return collection(features.map((/** @type {any} */ country) => ({
    type: "Feature",
    properties: { iso_n3: country.id ?? "", name: country.properties.name },
    geometry: geometryOf(polygonsOf(country.geometry)),
  })));
}

/** @param {any} atlas @returns {any} */
function states(atlas) {
  const { features } = /** @type {any} */ (feature(atlas, atlas.objects.states));
  return collection(features.map((/** @type {any} */ state) => ({
    type: "Feature",
    properties: { fips: state.id, name: state.properties.name },
    geometry: geometryOf(polygonsOf(state.geometry)),
  })));
}

/** @param {any} geometry @returns {Ring[][]} */
const polygonsOf = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

/** @param {Ring[][]} polygons */
function geometryOf(polygons) {
  const cut = rounded(cutPolygons(polygons));
  return cut.length === 1 ? { type: "Polygon", coordinates: cut[0] } : { type: "MultiPolygon", coordinates: cut };
}

/** @param {any} atlas @returns {any} */
function borders(atlas) {
  const lines = mesh(atlas, atlas.objects.countries, (a, b) => a !== b);
  return collection([{ type: "Feature", properties: {}, geometry: { ...lines, coordinates: rounded(lines.coordinates) } }]);
}

/** @param {any} world @returns {any} */
function labels(world) {
  return collection(world.features.map((/** @type {any} */ country) => {
    const outer = polygonsOf(country.geometry).map((rings) => rings[0]);
    const biggest = outer.reduce((a, b) => (area(b) > area(a) ? b : a));
    const rank = SIZES.findIndex((size) => area(biggest) >= size);
    const point = { type: "Point", coordinates: rounded(innermost(biggest)) };
    return { type: "Feature", properties: { name: country.properties.name, rank }, geometry: point };
  }));
}

/** @param {Ring} ring square degrees */
function area(ring) {
  let sum = 0;
  for (let i = 1; i < ring.length; i++) sum += ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1];
  return Math.abs(sum) / 2;
}

/** The point of a coarse grid that lies deepest inside. @param {Ring} ring @returns {[number, number]} */
function innermost(ring) {
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

/** @param {any[]} features */
const collection = (features) => ({ type: "FeatureCollection", features });

/** @returns {import("vite").Plugin} */
export function basemapFiles() {
  return {
    name: "mapsrv-basemap",
    apply: "build",
    generateBundle() {
      const [coarse, fine] = ["110m", "50m"].map((scale) => readAtlas(`world-atlas/countries-${scale}`));
      const world = countries(fine);
      const files = {
        "countries-110m": countries(coarse), "countries-50m": world, "borders-50m": borders(fine), labels: labels(world),
        "us-states": states(readAtlas("us-atlas/states-10m")),
      };
      for (const [name, data] of Object.entries(files))
        this.emitFile({ type: "asset", fileName: `basemap/${name}.geojson`, source: JSON.stringify(data) });
    },
  };
}
