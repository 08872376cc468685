// A volunteer's two hundred tasks in real Chromium: from submitting to the next picture, and what the tab holds. One JSON line a figure.
// Makes a project of its own as the demo lab and archives it.
import { archiveProject, beginDrawing, launch, leavesImage, logIn, makeProject, openContext, stroke } from "./harness.mjs";

const TASKS = Number(process.env.BRAMBLE_BENCH_TASKS ?? 200);
const SIZE = 512;
const WARM = 20;

const browser = await launch();
const lab = await openContext(browser);
await logIn(lab.page, "lab");
const project = await makeProject(lab.page, { name: `bench next ${TASKS}`, labels: ["spot", "rim"], quorum: 1, images: TASKS + 5, side: SIZE });

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
await archiveProject(lab.page, project);
await browser.close();
