// Lays each text file of the build beside itself as brotli and gzip have it, as small as they can: the server sends what
// the client takes (mapsrv/web/page.py) and never compresses anything while somebody waits.
// @ts-check

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const TEXTS = /\.(?:js|css|html|svg|txt|json)$/;
const LEAST = 1_000; // bytes: what fits a packet gains nothing

/** @returns {import("vite").Plugin} */
export function compressedFiles() {
  return {
    name: "mapsrv-compressed",
    apply: "build",
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle).filter((one) => TEXTS.test(one))) {
        const file = join(dir ?? "", name);
        const body = readFileSync(file);
        if (body.length < LEAST) continue;
        writeFileSync(`${file}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: body.length } }));
        writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
      }
    },
  };
}
