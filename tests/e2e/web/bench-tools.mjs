// The longest task of the page with every tool that touches a whole large frame, one JSON line each: none may hold the pen up.
import { archiveProject, launch, logIn, makeProject, openContext } from "./harness.mjs";

const SIDE = 4096;
const LIMIT = 50;

const browser = await launch();
const { page } = await openContext(browser, { viewport: { width: 1280, height: 900 } });
await logIn(page, "lab");
await page.evaluate(() => localStorage.setItem("bramble.editor", JSON.stringify({ size: 24, tool: "brush" })));
const project = await makeProject(page, { name: `bench tools ${SIDE}`, labels: ["a", "b", "c", "d", "e"], images: 1, side: SIDE });
const image = await page.evaluate(async (p) => (await (await fetch(`/api/v1/projects/${p}/images?limit=1`)).json()).items[0].id, project);
await page.addInitScript(() => {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask" });
});

/** Lets what was begun come to its end, and the observer hear of it. */
const rest = () => page.waitForTimeout(500);

async function longest(what, act) {
  await page.evaluate(() => (globalThis.longTasks.length = 0));
  await act();
  await rest();
  const all = await page.evaluate(() => globalThis.longTasks);
  const value = Math.round(Math.max(0, ...all));
  console.log(JSON.stringify({ metric: "web.longest_task", what, size: SIDE, value, unit: "ms", limit: LIMIT, n: all.length, ok: value <= LIMIT }));
}

await page.goto(`/lab/${project}/gold/${image}`);
await page.getByRole("application").waitFor();
await rest();
await longest("opening", async () => {
  await page.reload();
  await page.getByRole("application").waitFor();
});
const box = await page.getByRole("application").boundingBox();
const at = ([x, y]) => [box.x + box.width * x, box.y + box.height * y];
async function drag(...places) {
  await page.mouse.move(...at(places[0]));
  await page.mouse.down();
  for (const place of places.slice(1)) await page.mouse.move(...at(place), { steps: 20 });
  await page.mouse.up();
}
const key = async (keys, times = 1) => {
  for (let i = 0; i < times; i++) await page.keyboard.press(keys);
};

await longest("first strokes", async () => {
  for (let i = 0; i < 6; i++) await drag([0.3, 0.2 + 0.1 * i], [0.7, 0.22 + 0.1 * i]);
});
await key("]", 14);
await longest("largest brush", async () => {
  for (let i = 0; i < 4; i++) await drag([0.3, 0.2 + 0.15 * i], [0.7, 0.3 + 0.15 * i]);
});
await longest("undo and redo", async () => {
  await key("Control+z", 4);
  await key("Control+y", 4);
});
await page.locator(".label-choice").nth(1).click();
await key("l");
await longest("lasso round the whole", () => drag([0.3, 0.1], [0.7, 0.1], [0.7, 0.9], [0.3, 0.9], [0.3, 0.1]));
await longest("lasso taken back and done again", async () => {
  await key("Control+z");
  await key("Control+y");
});
for (const [what, k] of [["fill holes", "f"], ["keep the largest part", "k"], ["smooth", "m"]]) await longest(what, () => key(k));
await key("w");
await longest("brightness by drag", () => drag([0.3, 0.3], [0.6, 0.5]));
await longest("brightness presets", () => key("q", 5));
await longest("inverted", () => key("i"));
await key("b");
await longest("zoom by wheel", async () => {
  await page.mouse.move(...at([0.5, 0.5]));
  for (let i = 0; i < 10; i++) await page.mouse.wheel(0, i < 5 ? -200 : 200);
});
const opacity = page.locator(".panel").getByRole("slider", { name: /opacity/i });
await opacity.focus();
await longest("opacity", () => key("ArrowLeft", 8));
await longest("labels hidden and shown", async () => {
  await page.getByRole("application").focus();
  await key("v", 2);
});
await archiveProject(page, project);
await browser.close();
