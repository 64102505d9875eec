// Builds the page into the Python package. Everything is relative, so the page works behind any path prefix,
// and nothing is inlined, so it works under a Content-Security-Policy of 'self'.

import { defineConfig } from "vitest/config";
import { basemapFiles } from "./scripts/basemap.mjs";
import { compressedFiles } from "./scripts/compressed.mjs";
import { licenseFile } from "./scripts/licenses.mjs";

export default defineConfig({
  base: "./",
  plugins: [basemapFiles(), licenseFile(), compressedFiles()],
  build: {
    outDir: process.env.MAPSRV_PAGE_OUT || "../mapsrv/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      output: {
        // A worker named .mjs is refused by browsers when the server does not know the ending: call it .js.
        assetFileNames: (asset) =>
          asset.names[0]?.endsWith(".mjs") ? "assets/[name]-[hash].js" : "assets/[name]-[hash][extname]",
      },
    },
  },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
