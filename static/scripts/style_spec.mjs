// Bundles MapLibre's validator and expression engine into one file for the server's child process, beside the page.
// @ts-check

import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { licensesOf } from "./licenses.mjs";

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const outDir = process.env.MAPSRV_STYLE_SPEC_OUT || here("../../mapsrv/style_spec/built");
// The package itself, and what it imports.
const BUNDLED = [
  "@maplibre/maplibre-gl-style-spec", "@mapbox/jsonlint-lines-primitives", "@mapbox/unitbezier", "quickselect", "tinyqueue",
];

// A second copy would be one of another version than the page draws with.
if (existsSync(here("../node_modules/maplibre-gl/node_modules/@maplibre/maplibre-gl-style-spec"))) {
  throw new Error("maplibre-gl has a style-spec of its own: the page and the server would judge differently.");
}

await build({
  root: here(".."),
  configFile: false,
  logLevel: "warn",
  publicDir: false,
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2022",
    lib: { entry: here("../style_spec/main.ts"), formats: ["iife"], name: "mapsrvStyleSpec", fileName: () => "style_spec.js" },
  },
});
writeFileSync(`${outDir}/LICENSE.txt`, licensesOf(BUNDLED));
