// Compresses what is too large for the gateway to compress at a request: <file>.gz beside each WebAssembly binary of the build.
// Tells the service worker which files a volunteer needs without a line, and which exist, so that those of older builds go.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { built, shell } from "./shell.mjs";

const dist = new URL("../dist/", import.meta.url).pathname;
const assets = join(dist, "assets");
for (const name of readdirSync(assets)) if (name.endsWith(".wasm")) writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name)), { level: 9 }));

const all = built();
const styles = all.filter((f) => f.endsWith(".css") && !f.startsWith("LabRoutes"));
const needed = [...shell(["LabelPage", "MarkdownRenderer", "codec.worker", "FeedbackView"]), ...styles];
const worker = readFileSync(join(dist, "sw.js"), "utf8");
const lists = `const NEEDED = ${JSON.stringify(needed)};\nconst BUILT = ${JSON.stringify(all)};`;
const told = worker.replace(/const NEEDED = \[\];\nconst BUILT = \[\];/, lists);
if (told === worker) throw new Error("public/sw.js has no empty lists NEEDED and BUILT to fill in.");
writeFileSync(join(dist, "sw.js"), told);
