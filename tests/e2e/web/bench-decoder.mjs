// From a click to its mask in real Chromium (WASM, as the page chooses its threads), one JSON line a figure.
import { becomes, beginDrawing, launch, measures, openContext, startAsGuest } from "./harness.mjs";

const CLICKS = 24;
const browser = await launch();
const { page } = await openContext(browser);
page.setDefaultTimeout(120_000);
await startAsGuest(page);
await beginDrawing(page);
const measured = (await becomes(() => measures(page, "measured"), (all) => all.length > 0, "the engine's measure", 120_000)).at(-1);
const threads = await page.evaluate(() => (crossOriginIsolated ? Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1)) : 1));
await page.keyboard.press("c");
const box = await page.getByRole("application").boundingBox();

/** Clicks at places all over the middle of the image, each a prompt of its own; `times` are those that the page noted. */
async function clicks(place) {
  const shown = page.locator(".stage-float").getByRole("button", { name: "Add" });
  const seen = [];
  for (let i = 0; i < CLICKS; i++) {
    const before = (await measures(page, place)).length;
    await page.mouse.click(box.x + box.width * (0.4 + 0.2 * ((i * 7) % CLICKS) / CLICKS), box.y + box.height * (0.35 + 0.3 * ((i * 5) % CLICKS) / CLICKS));
    await shown.waitFor();
    seen.push((await becomes(() => measures(page, place), (all) => all.length > before, `an answer from the ${place}`)).at(-1));
    await page.keyboard.press("Escape");
    await shown.waitFor({ state: "hidden" });
  }
  return seen;
}

function report(place, seen, limit) {
  const first = seen[0];
  const sorted = [...seen].sort((a, b) => a - b);
  const p95 = sorted[Math.floor(sorted.length * 0.95)];
  console.log(JSON.stringify({ metric: "web.click_to_mask_p95", place, threads, value: +p95.toFixed(1), unit: "ms", limit, ...(place === "device" ? { segmenters_own_aim: 50 } : {}), median: +sorted[sorted.length >> 1].toFixed(1), first: +first.toFixed(1), n: seen.length, ok: p95 <= limit }));
}

console.log(JSON.stringify({ metric: "web.engine_measured", value: +measured.toFixed(1), unit: "ms", threads }));
// The device answers, whatever the server could do better.
await page.route("**/segment", (route) => route.abort());
// The client asks for 100 ms; the segmenter set itself 50 and told so in its line of the README.
report("device", await clicks("device"), 100);
await page.unroute("**/segment");
await browser.close();
