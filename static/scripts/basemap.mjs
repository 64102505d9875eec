// The built-in ground in the build: its tiles beside the page, their version for the page's own script, and the shapes
// that cut_places/ makes "builtin:" sources of, so that these lie on the ground's own shores. To cut takes half a minute;
// what was cut of the same sources is taken again, but for a release (MAPSRV_CITIES), which is made anew.
// @ts-check

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const MODULE = "virtual:ground";
const KEPT = new URL("../.cut/", import.meta.url);
const SOURCES = ["./basemap.mjs", "./antimeridian.mjs", "../package-lock.json"];
const FOLDERS = ["./ground/", "../natural-earth/"];

/** @returns {import("vite").Plugin} */
export function basemapFiles() {
  let building = false;
  /** @type {Promise<{ bytes: Buffer, version: string }> | undefined} */
  let cut;
  const ground = () => (cut ??= cutOrKept());
  return {
    name: "mapsrv-ground",
    config: (_, { command }) => void (building = command === "build"),
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    async load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      return `export const version = ${JSON.stringify(building ? (await ground()).version : "0")};`;
    },
    async generateBundle() {
      const { bytes, version } = await ground();
      this.emitFile({ type: "asset", fileName: `basemap/ground-${version}.tiles`, source: bytes });
    },
  };
}

async function cutOrKept() {
  const key = keyOf();
  const kept = new URL(`ground-${key}.tiles`, KEPT);
  if (existsSync(kept) && !process.env.MAPSRV_CITIES) return described(readFileSync(kept));
  const { groundLayers, groundShapes } = await import("./ground/layers.mjs");
  const { pack } = await import("./ground/tiles.mjs");
  const bytes = pack(groundLayers());
  rmSync(KEPT, { recursive: true, force: true });
  mkdirSync(new URL("shapes/", KEPT), { recursive: true });
  for (const [name, shapes] of Object.entries(groundShapes())) writeFileSync(new URL(`shapes/${name}.geojson`, KEPT), JSON.stringify(shapes));
  writeFileSync(kept, bytes);
  return described(bytes);
}

/** @param {Buffer} bytes */
const described = (bytes) => ({ bytes, version: createHash("sha256").update(bytes).digest("hex").slice(0, 10) });

/** Of all that decides what is cut, but for the cities, which Python has. */
function keyOf() {
  const files = [...SOURCES, ...FOLDERS.flatMap((folder) => readdirSync(new URL(folder, import.meta.url)).map((name) => folder + name))];
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(fileURLToPath(new URL(file, import.meta.url))));
  return hash.digest("hex").slice(0, 16);
}
