// A volunteer's two hundred tasks in real Chromium: from submitting to the next picture, and what the tab holds. One JSON line a figure.
// Makes a project of its own as the demo lab and archives it.
import { beginDrawing, launch, leavesImage, logIn, openContext, stroke } from "./harness.mjs";

const TASKS = Number(process.env.BRAMBLE_BENCH_TASKS ?? 200);
const SIZE = 512;
const WARM = 20;

const browser = await launch();
const lab = await openContext(browser);
await logIn(lab.page, "lab");
const project = await lab.page.evaluate(async ({ n, size }) => {
  const { csrf_token } = await (await fetch("/api/v1/auth/me")).json();
  const headers = { "X-CSRF-Token": csrf_token };
  const body = { name: `bench next ${n}`, labels: [{ name: "spot" }, { name: "rim" }], quorum: 1, gold_share: 0 };
  const made = await (await fetch("/api/v1/projects", { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();
  const canvas = new OffscreenCanvas(size, size);
  const ctx = canvas.getContext("2d");
  for (let from = 0; from < n; from += 20) {
    const form = new FormData();
    for (let i = from; i < Math.min(n, from + 20); i++) {
      ctx.fillStyle = `rgb(${i % 256}, ${(i * 7) % 256}, ${(i * 13) % 256})`;
      ctx.fillRect(0, 0, size, size);
      ctx.fillStyle = "#ddd";
      ctx.fillRect(100 + i, 120, 90, 90);
      form.append("files", await canvas.convertToBlob({ type: "image/png" }), `${i}.png`);
    }
    await fetch(`/api/v1/projects/${made.id}/images`, { method: "POST", headers, body: form });
  }
  return made.id;
}, { n: TASKS + 5, size: SIZE });

const { context, page } = await openContext(browser);
await page.goto("/");
await page.getByRole("button", { name: "Start labelling" }).click();
await page.getByRole("dialog").getByRole("button", { name: /start as a guest/ }).click();
await page.waitForURL(/\/label$|\/projects/);
await page.goto(`/projects/${project}/label`);
await beginDrawing(page);
const cdp = await context.newCDPSession(page);
await cdp.send("Performance.enable");
const heap = async () => {
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  return metrics.find((m) => m.name === "JSHeapUsedSize").value;
};
let first = 0;
for (let i = 1; i <= TASKS; i++) {
  await stroke(page, [0.4, 0.4], [0.6, 0.5], 3);
  await leavesImage(page, () => page.keyboard.press("Control+Enter"));
  await page.getByRole("application").waitFor();
  if (i === WARM) first = await heap();
}
const last = await heap();
const times = (await page.evaluate(() => performance.getEntriesByName("bramble-next").map((e) => e.duration))).sort((a, b) => a - b);
const p95 = times[Math.floor(times.length * 0.95)];
console.log(JSON.stringify({ metric: "web.submit_to_next_drawn_p95", size: SIZE, value: +p95.toFixed(1), unit: "ms", limit: 150, n: times.length, median: +times[times.length >> 1].toFixed(1), ok: p95 <= 150 }));
const growth = last / first - 1;
console.log(JSON.stringify({ metric: "web.memory_growth", size: SIZE, value: +growth.toFixed(3), unit: "share", limit: 0.1, tasks: [WARM, TASKS], heap_bytes: [first, last], ok: growth <= 0.1 }));
await context.close();
await lab.page.evaluate(async (p) => {
  const { csrf_token } = await (await fetch("/api/v1/auth/me")).json();
  await fetch(`/api/v1/projects/${p}`, { method: "DELETE", headers: { "X-CSRF-Token": csrf_token } });
}, project);
await browser.close();
