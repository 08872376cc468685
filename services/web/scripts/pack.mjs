// Compresses what is too large for the gateway to compress at a request: <file>.gz beside each WebAssembly binary of the build.
// Text is packed as Brotli too (<file>.br): a sixth less than gzip, and too slow to do at a request.
// Tells the service worker which files a volunteer needs without a line, and which exist, so that those of older builds go; and index.html
// which files the first page may fetch ahead.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { built, shell, source } from "./shell.mjs";

const dist = new URL("../dist/", import.meta.url).pathname;
const assets = join(dist, "assets");
for (const name of readdirSync(assets)) if (name.endsWith(".wasm")) writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name)), { level: 9 }));

const brotli = (bytes, quality) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
for (const name of readdirSync(assets)) {
  if (!/\.(m?js|css|wasm)$/.test(name)) continue;
  const bytes = readFileSync(join(assets, name));
  // The best packing of 27 MB takes two minutes, nearly the best five seconds.
  writeFileSync(join(assets, `${name}.br`), brotli(bytes, name.endsWith(".wasm") ? 9 : 11));
}

const all = built();
const styles = all.filter((f) => f.endsWith(".css") && !f.startsWith("LabRoutes"));
const needed = [...shell(["LabelPage", "MarkdownRenderer", "en.more", "codec.worker", "FeedbackView"]), ...styles];
const worker = readFileSync(join(dist, "sw.js"), "utf8");
const lists = `const NEEDED = ${JSON.stringify(needed)};\nconst BUILT = ${JSON.stringify(all)};`;
const told = worker.replace(/const NEEDED = \[\];\nconst BUILT = \[\];/, lists);
if (told === worker) throw new Error("public/sw.js has no empty lists NEEDED and BUILT to fill in.");
writeFileSync(join(dist, "sw.js"), told);

// The dictionaries, not the consent's texts, which have the same names.
const languages = ["de", "fr", "ar"];
const dictionary = (language) => all.find((f) => f.startsWith(`${language}-`) && f.endsWith(".js") && source(f).includes("noNeed:"));
const files = Object.fromEntries(languages.map((language) => [language, dictionary(language)]));
const begin = readFileSync(join(dist, "words.js"), "utf8");
const filled = begin.replace("const FILES = {};", `const FILES = ${JSON.stringify(files)};`);
if (filled === begin || Object.values(files).includes(undefined)) throw new Error("public/words.js has no empty FILES, or a language has no file.");
writeFileSync(join(dist, "words.js"), filled);

const page = join(dist, "index.html");
const html = readFileSync(page, "utf8");
const ahead = needed.filter((name) => !html.includes(name));
writeFileSync(page, html.replace("</head>", `  <meta name="bramble-ahead" content="${ahead.join(" ")}" />\n  </head>`));
