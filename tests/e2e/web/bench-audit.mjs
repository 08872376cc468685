// Lighthouse's audits of the pages that a visitor sees without a login, on its own mobile profile (Slow 4G, processor slowed by four). One JSON
// line a page. Lighthouse isn't a dependency of the client: npx brings it, and where it can't that is said and nothing fails.
import { execFileSync } from "node:child_process";
import { URL_BASE } from "./harness.mjs";

const TOOL = "lighthouse@12.8.2";
const LIMIT = 2500;

for (const path of ["/", "/projects"]) {
  let audits;
  let categories;
  try {
    const flags = ["--quiet", "--output=json", "--output-path=stdout", "--chrome-flags=--headless --no-sandbox --disable-gpu"];
    const env = { ...process.env, CHROME_PATH: process.env.BRAMBLE_CHROMIUM ?? "/usr/bin/chromium" };
    ({ audits, categories } = JSON.parse(execFileSync("npx", ["--yes", TOOL, URL_BASE + path, ...flags], { env, maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "pipe"], timeout: 300_000 })));
  } catch (error) {
    console.log(JSON.stringify({ metric: "web.lighthouse", page: path, value: null, why: String(error.stderr ?? error.message).slice(-200) }));
    break;
  }
  const ms = (name) => Math.round(audits[name].numericValue);
  const interactive = ms("interactive");
  const scores = Object.fromEntries(Object.values(categories).map((c) => [c.id, c.score]));
  console.log(JSON.stringify({ metric: "web.lighthouse", page: path, value: interactive, unit: "ms", what: "interactive", ...(path === "/" ? { limit: LIMIT, ok: interactive <= LIMIT } : {}), painted: ms("first-contentful-paint"), blocked: ms("total-blocking-time"), scores, tool: TOOL }));
}
