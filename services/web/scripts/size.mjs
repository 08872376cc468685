// JavaScript that a volunteer loads before the canvas can be used, compressed: at most 250 KB. One JSON line.
import { gzipSync } from "node:zlib";
import { shell, source } from "./shell.mjs";

const LIMIT = 250_000;
const files = shell(["LabelPage", "MarkdownRenderer", "en.more", "codec.worker"]);
const bytes = files.reduce((n, f) => n + gzipSync(source(f), { level: 9 }).length, 0);
console.log(JSON.stringify({ metric: "web.volunteer_shell_js_gzip", value: bytes, unit: "bytes", limit: LIMIT, files: files.length, ok: bytes <= LIMIT }));
process.exit(bytes <= LIMIT ? 0 : 1);
