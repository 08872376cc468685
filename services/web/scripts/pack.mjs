// Compresses what is too large for the gateway to compress at a request: <file>.gz beside each WebAssembly binary of the build.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const assets = new URL("../dist/assets/", import.meta.url).pathname;
for (const name of readdirSync(assets)) if (name.endsWith(".wasm")) writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name)), { level: 9 }));
