// JavaScript that a volunteer loads before the canvas can be used, compressed: at most 250 KB. One JSON line.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT = 250_000;
const dist = new URL("../dist/assets/", import.meta.url).pathname;
const files = readdirSync(dist).filter((f) => f.endsWith(".js"));
const source = (f) => readFileSync(join(dist, f), "utf8");
const html = readFileSync(new URL("../dist/index.html", import.meta.url), "utf8");
const label = files.filter((f) => f.startsWith("LabelPage") || f.startsWith("MarkdownRenderer") || f.startsWith("codec.worker"));
const todo = [...files.filter((f) => html.includes(f)), ...label];
const seen = new Set();
while (todo.length > 0) {
  const f = todo.pop();
  if (seen.has(f)) continue;
  seen.add(f);
  // Static imports only: what is imported on demand is not loaded yet.
  for (const m of source(f).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) todo.push(m[1]);
}
const bytes = [...seen].reduce((n, f) => n + gzipSync(source(f), { level: 9 }).length, 0);
console.log(JSON.stringify({ metric: "web.volunteer_shell_js_gzip", value: bytes, unit: "bytes", limit: LIMIT, files: seen.size, ok: bytes <= LIMIT }));
process.exit(bytes <= LIMIT ? 0 : 1);
