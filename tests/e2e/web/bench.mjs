// Figures of the canvas in real Chromium, one JSON line each. Makes a project of its own as the demo lab and archives it.
import { archiveProject, launch, logIn, measures, openContext } from "./harness.mjs";

const CASES = [
  { size: 1024, labels: 5, limit: 16 },
  { size: 1024, labels: 30, limit: 16 },
  { size: 4096, labels: 5, limit: 33 },
];
const STROKES = 40;
const UNDOS = 35;

const browser = await launch();
const { page } = await openContext(browser, { viewport: { width: 1280, height: 900 } });
await logIn(page, "lab");
await page.evaluate(() => localStorage.setItem("bramble.editor", JSON.stringify({ size: 24, tool: "brush" })));

for (const { size, labels, limit } of CASES) {
  const { project, image } = await page.evaluate(async ({ s, n }) => {
    const { csrf_token } = await (await fetch("/api/v1/auth/me")).json();
    const headers = { "X-CSRF-Token": csrf_token };
    const made = await (await fetch("/api/v1/projects", { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify({ name: `bench ${s} ${n}`, labels: Array.from({ length: n }, (_, i) => ({ name: `label ${i + 1}` })) }) })).json();
    const canvas = new OffscreenCanvas(s, s);
    const ctx = canvas.getContext("2d");
    const fill = ctx.createLinearGradient(0, 0, s, s);
    fill.addColorStop(0, "#101010");
    fill.addColorStop(1, "#e0e0e0");
    ctx.fillStyle = fill;
    ctx.fillRect(0, 0, s, s);
    const form = new FormData();
    form.append("files", await canvas.convertToBlob({ type: "image/png" }), "bench.png");
    const report = await (await fetch(`/api/v1/projects/${made.id}/images`, { method: "POST", headers, body: form })).json();
    return { project: made.id, image: report.results[0].image_ids[0] };
  }, { s: size, n: labels });
  await page.goto(`/lab/${project}/gold/${image}`);
  await page.getByRole("application").waitFor();
  await page.evaluate(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
  });
  const box = await page.getByRole("application").boundingBox();
  const rows = page.locator(".label-choice");
  // Paint in every label first, so that all layers are there to be drawn.
  for (let i = 0; i < STROKES; i++) {
    await rows.nth(i % labels).click();
    if (i === Math.min(labels, STROKES / 2)) await page.evaluate(() => ((globalThis.measured = {}), (globalThis.longTasks.length = 0)));
    const y = box.y + box.height * (0.15 + 0.7 * ((i * 7) % STROKES) / STROKES);
    await page.mouse.move(box.x + box.width * 0.3, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, y + 20, { steps: 24 });
    await page.mouse.up();
  }
  const long = await page.evaluate(() => globalThis.longTasks);
  const paint = (await measures(page, "paint")).sort((a, b) => a - b);
  const p95 = paint[Math.floor(paint.length * 0.95)];
  console.log(JSON.stringify({ metric: "web.stroke_to_pixel_p95", size, labels, value: +p95.toFixed(2), unit: "ms", limit, n: paint.length, median: +paint[paint.length >> 1].toFixed(2), ok: p95 <= limit }));
  console.log(JSON.stringify({ metric: "web.longest_task_while_drawing", size, labels, value: Math.round(Math.max(0, ...long)), unit: "ms", limit: 50, n: long.length, ok: long.every((d) => d <= 50) }));
  // Keys as the browser hands them out: from the event's own time until the picture is changed, and until the frame after it.
  await page.evaluate(() => {
    globalThis.undone = [];
    window.addEventListener("keydown", (e) => {
      if (e.key !== "z") return;
      const pixel = performance.now() - e.timeStamp;
      requestAnimationFrame(() => globalThis.undone.push([pixel, performance.now() - e.timeStamp]));
    });
  });
  for (let i = 0; i < UNDOS; i++) {
    await page.keyboard.press("Control+z");
    await page.waitForTimeout(23 + ((i * 7) % 13)); // not in step with the frames
  }
  const undone = await page.evaluate(() => globalThis.undone);
  for (const [k, metric] of ["web.undo_to_pixel_p95", "web.undo_to_next_frame_p95"].entries()) {
    const times = undone.map((u) => u[k]).sort((x, y) => x - y);
    const p95 = times[Math.floor(times.length * 0.95)];
    console.log(JSON.stringify({ metric, size, labels, value: +p95.toFixed(2), unit: "ms", ...(k === 0 ? { limit: 16, ok: p95 <= 16 } : {}), n: times.length, median: +times[times.length >> 1].toFixed(2) }));
  }
  await archiveProject(page, project);
}
await browser.close();
