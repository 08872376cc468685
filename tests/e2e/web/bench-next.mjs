// A volunteer's two hundred tasks in real Chromium: from submitting to the next picture, and what the tab holds. One JSON line a figure.
// Makes a project of its own as the demo lab and archives it.
import { archiveProject, beginDrawing, launch, leavesImage, logIn, makeProject, measures, openContext, stroke } from "./harness.mjs";

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

/** What the tab holds, in bytes: objects and compiled code (`heap`), the browser's own objects (`browser`), masks and other arrays (`arrays`), code alone. */
async function held() {
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = await cdp.send("Runtime.getHeapUsage");
  const parts = [];
  const take = ({ chunk }) => parts.push(chunk);
  cdp.on("HeapProfiler.addHeapSnapshotChunk", take);
  await cdp.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  cdp.off("HeapProfiler.addHeapSnapshotChunk", take);
  const { snapshot, nodes } = JSON.parse(parts.join(""));
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, size, code] = [fields.indexOf("type"), fields.indexOf("self_size"), types[0].indexOf("code")];
  let compiled = 0;
  for (let i = 0; i < nodes.length; i += fields.length) if (nodes[i + type] === code) compiled += nodes[i + size];
  return { heap: usedSize, browser: embedderHeapUsedSize, arrays: backingStorageSize, code: compiled };
}
let first = null;
for (let i = 1; i <= TASKS; i++) {
  await stroke(page, [0.4, 0.4], [0.6, 0.5], 3);
  await leavesImage(page, () => page.keyboard.press("Control+Enter"));
  await page.getByRole("application").waitFor();
  if (i === WARM) first = await held();
}
const last = await held();
const times = (await measures(page, "next")).sort((a, b) => a - b);
const p95 = times[Math.floor(times.length * 0.95)];
console.log(JSON.stringify({ metric: "web.submit_to_next_drawn_p95", size: SIZE, value: +p95.toFixed(1), unit: "ms", limit: 150, n: times.length, median: +times[times.length >> 1].toFixed(1), ok: p95 <= 150 }));
const whole = (h) => h.heap + h.browser + h.arrays;
const growth = whole(last) / whole(first) - 1;
// Compiled code grows while the engine still warms up and then stays; what grows with the tasks is the rest.
const rest = (whole(last) - last.code) / (whole(first) - first.code) - 1;
console.log(JSON.stringify({ metric: "web.memory_growth", size: SIZE, value: +growth.toFixed(3), unit: "share", limit: 0.1, tasks: [WARM, TASKS], without_code: +rest.toFixed(3), heap_only: +(last.heap / first.heap - 1).toFixed(3), bytes: [first, last], ok: growth <= 0.1 }));
await context.close();
await archiveProject(lab.page, project);
await browser.close();
