// A first visit on a slow phone in real Chromium: processor slowed by four, Lighthouse's "Slow 4G", nothing cached. One JSON line a figure.
import { launch, openContext, startAsGuest } from "./harness.mjs";

/** Lighthouse's mobile profile as the browser's own throttling wants it: 150 ms of round trip and 1.6 Mbit/s, for a request and the answer's bytes. */
const SLOW_4G = { offline: false, latency: 562.5, downloadThroughput: (1474.56 * 1024) / 8, uploadThroughput: (675 * 1024) / 8 };
const SLOWER = 4;
const RUNS = Number(process.env.BRAMBLE_BENCH_LOADS ?? 5);
/** As Lighthouse defines it: interactive is what comes before so long a time without a long task. */
const QUIET_MS = 5000;
const LIMIT = 2500;

const browser = await launch();

/** A guest at the project's page, whose first image then is opened by its address: cookies and settings, nothing of the cache. */
const guest = await openContext(browser);
await startAsGuest(guest.page);
await guest.page.getByRole("dialog").getByRole("button", { name: "Begin" }).click();
const address = new URL(guest.page.url()).pathname;
const storageState = await guest.context.storageState();
await guest.context.close();

/** In the page: when it was first painted, when `wanted` was there, and every long task with its end. */
function listen(wanted) {
  globalThis.seen = { painted: 0, there: 0, long: [] };
  new PerformanceObserver((list) => globalThis.seen.long.push(...list.getEntries().map((e) => e.startTime + e.duration))).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => (globalThis.seen.painted ||= list.getEntries().find((e) => e.name === "first-contentful-paint")?.startTime ?? 0)).observe({ type: "paint", buffered: true });
  new MutationObserver((_, me) => {
    if (!document.querySelector(wanted)) return;
    globalThis.seen.there = performance.now();
    me.disconnect();
  }).observe(document, { childList: true, subtree: true });
}

async function visit(path, wanted, state) {
  const { context, page } = await openContext(browser, { viewport: { width: 390, height: 844 }, serviceWorkers: "block", ...(state ? { storageState: state } : {}) });
  page.setDefaultTimeout(120_000);
  await page.addInitScript(listen, wanted);
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", SLOW_4G);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await page.goto(path, { waitUntil: "commit" });
  await page.waitForSelector(wanted);
  // Until nothing has held the page up for five seconds.
  await page.waitForFunction((quiet) => performance.now() - Math.max(globalThis.seen.there, ...globalThis.seen.long) > quiet, QUIET_MS, { polling: 500 });
  const { painted, there, long } = await page.evaluate(() => globalThis.seen);
  await context.close();
  return { painted, there, interactive: interactive(painted, there, long) };
}

/** The end of the last long task before the first quiet time after the first paint; never before what one came for is there. */
function interactive(painted, there, long) {
  let at = painted;
  for (const end of [...long].sort((a, b) => a - b)) if (end > at && end - at < QUIET_MS) at = end;
  return Math.max(at, there);
}

const middle = (all) => [...all].sort((a, b) => a - b)[all.length >> 1];
// The canvas by its own address waits for seven answers one after the other, four seconds of the line's delay alone: it is told, without an aim.
for (const [page, path, wanted, state, limit] of [
  ["landing", "/", "main button", null, LIMIT],
  ["canvas", address, "[role=application]", storageState, null],
]) {
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await visit(path, wanted, state));
  const value = Math.round(middle(runs.map((r) => r.interactive)));
  console.log(JSON.stringify({ metric: "web.time_to_interactive", page, value, unit: "ms", ...(limit ? { limit, ok: value <= limit } : {}), n: RUNS, all: runs.map((r) => Math.round(r.interactive)), painted: Math.round(middle(runs.map((r) => r.painted))), there: Math.round(middle(runs.map((r) => r.there))), network: "Slow 4G", cpu: `1/${SLOWER}` }));
}
await browser.close();
