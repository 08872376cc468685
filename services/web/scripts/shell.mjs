// Names of the built files that a volunteer needs before the canvas can be used, and of all that were built.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const dist = new URL("../dist/assets/", import.meta.url).pathname;

export const built = () => readdirSync(dist).filter((f) => !/\.(gz|br)$/.test(f));
export const source = (f) => readFileSync(join(dist, f), "utf8");

/** `begin` names the chunks that are loaded on demand and belong to it. */
export function shell(begin) {
  const files = built().filter((f) => f.endsWith(".js"));
  const html = readFileSync(new URL("../dist/index.html", import.meta.url), "utf8");
  const todo = files.filter((f) => html.includes(f) || begin.some((b) => f.startsWith(b)));
  const seen = new Set();
  while (todo.length > 0) {
    const f = todo.pop();
    if (seen.has(f)) continue;
    seen.add(f);
    // Static imports only: what is imported on demand is not loaded yet.
    for (const m of source(f).matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) todo.push(m[1]);
  }
  return [...seen];
}
