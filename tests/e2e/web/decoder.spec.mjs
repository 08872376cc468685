// Help at a click without the server: the engine in a worker of the page. Loaded late, the server's masks, and there without a line.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { becomes, beginDrawing, launch, measures, openContext as open, painted, shoot, startAsGuest, stroke, submitButton } from "./harness.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A patient page: on a busy machine the engine alone takes a while. */
async function openContext(browser) {
  const opened = await open(browser);
  opened.page.setDefaultTimeout(60_000);
  return opened;
}

const HEAVY = /\.wasm$|model\.onnx$/;

/** Waits until the engine was measured; answers its milliseconds. */
const measured = (page) =>
  becomes(() => measures(page, "measured"), (all) => all.length > 0, "the engine's measure", 120_000).then((all) => all.at(-1));
const count = async (page, what) => (await measures(page, what)).length;

/** Points at a place of the stage, given in shares of its size. */
async function point(page, [x, y], options = {}) {
  const box = await page.getByRole("application").boundingBox();
  await page.mouse.click(box.x + x * box.width, box.y + y * box.height, options);
}

/** bool pixels of a COCO RLE, column-major. */
function decode({ size: [height, width], counts }) {
  const out = new Uint8Array(height * width);
  const runs = [];
  for (let p = 0; p < counts.length; ) {
    let [x, k, more] = [0, 0, true];
    while (more) {
      const c = counts.charCodeAt(p++) - 48;
      x |= (c & 31) << (5 * k++);
      more = (c & 32) !== 0;
      if (!more && c & 16) x |= -1 << (5 * k);
    }
    runs.push(runs.length > 2 ? x + runs.at(-2) : x);
  }
  let at = 0;
  runs.forEach((n, i) => {
    if (i % 2) out.fill(1, at, at + n);
    at += n;
  });
  return out;
}

function dice(a, b) {
  let [both, sum] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    both += a[i] & b[i];
    sum += a[i] + b[i];
  }
  return sum ? (2 * both) / sum : 1;
}

describe("the segmenter in the browser", () => {
  it("is loaded after the canvas, gives the server's mask, and asks the server nothing", async () => {
    const { context, page, problems } = await openContext(browser);
    const heavy = [];
    const asked = [];
    let drawing = false;
    let prompt = null;
    page.on("request", (r) => {
      if (HEAVY.test(r.url())) heavy.push(drawing);
      if (r.url().endsWith("/segment")) asked.push(r.url());
    });
    await startAsGuest(page);
    await beginDrawing(page);
    drawing = true;
    const next = page.url();
    const ms = await measured(page);
    assert.equal(await page.evaluate(() => crossOriginIsolated), true, "the page is cross-origin isolated, so that WASM may have threads");
    assert.ok(heavy.length >= 2 && heavy.every(Boolean), "nothing heavy was fetched before the canvas could be used");
    await page.keyboard.press("c");
    // The place in the frame's pixels: the stage says it of the crosshair, so the click goes where the test knows it.
    page.on("request", (r) => {
      if (r.method() === "POST" && /submissions$/.test(r.url())) prompt = JSON.parse(r.postData());
    });
    await page.evaluate(() => {
      globalThis.prompts = [];
      const send = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (message, ...rest) {
        if (message.kind === "segment") globalThis.prompts.push({ points: message.prompt.points, key: message.key });
        return send.call(this, message, ...rest);
      };
    });
    const before = await count(page, "device");
    // A machine that is slow just now would ask the server: it is away for this click, and the device answers all the same.
    await page.route("**/segment", (route) => route.abort());
    await point(page, [0.42, 0.5]);
    await page.locator(".stage-float").getByRole("button", { name: "Add" }).waitFor();
    await shoot(page, "decoder-answer");
    assert.ok((await count(page, "device")) > before);
    await page.locator(".stage-float").getByRole("button").first().click();
    assert.ok((await painted(page)) > 0);
    if (ms <= 120) assert.deepEqual(asked, [], "the server was asked for no mask");
    await page.unroute("**/segment");
    const { points, key } = (await page.evaluate(() => globalThis.prompts)).at(-1);
    const server = await page.evaluate(
      async ({ points, key }) => {
        const { csrf_token } = await (await fetch("/api/v1/auth/me")).json();
        const headers = { "X-CSRF-Token": csrf_token, "Content-Type": "application/json" };
        return (await fetch(`/api/v1/images/${key}/segment`, { method: "POST", headers, body: JSON.stringify({ points }) })).json();
      },
      { points, key },
    );
    await submitButton(page).click();
    await page.waitForFunction((u) => u !== "" && document.readyState === "complete", next);
    await becomes(() => prompt !== null, true, "the answer sent");
    const mine = prompt.masks[0].rle;
    assert.deepEqual(mine.size, server.rle.size);
    assert.ok(dice(decode(mine), decode(server.rle)) >= 0.995, `Dice ${dice(decode(mine), decode(server.rle))}`);
    assert.deepEqual(problems, []);
    await context.close();
  });

  it("shows what a click would give where the pointer rests, and the click takes it at once", async (t) => {
    const { context, page } = await openContext(browser);
    await startAsGuest(page);
    await beginDrawing(page);
    const ms = await measured(page);
    if (ms > 120) {
      t.skip(`this machine takes ${Math.round(ms)} ms for an answer: no previews then`);
      await context.close();
      return;
    }
    await page.keyboard.press("c");
    const box = await page.getByRole("application").boundingBox();
    const before = await count(page, "device");
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const hovered = await becomes(() => count(page, "device"), (n) => n > before, "the previews", 30_000);
    await page.mouse.down();
    await page.mouse.up();
    await page.locator(".stage-float").getByRole("button").first().waitFor();
    assert.equal(await count(page, "device"), hovered, "the click took the preview's answer");
    await context.close();
  });

  it("answers without a line, and everything that it needs is kept for the next visit", async () => {
    const { context, page } = await openContext(browser);
    await startAsGuest(page);
    await beginDrawing(page);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload(); // from here on the service worker sees every request
    await page.getByRole("application").waitFor();
    await measured(page);
    const kept = await page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (k) => (await caches.open(k)).keys()))).flat().map((r) => r.url));
    for (const what of [/ort-wasm.*\.wasm$/, /ort-wasm.*\.mjs$/, /decoder\.worker.*\.js$/, /model\.onnx$/]) assert.ok(kept.some((u) => what.test(u)), `${what} is kept`);
    await context.setOffline(true);
    await page.keyboard.press("c");
    await point(page, [0.5, 0.55]);
    await page.locator(".stage-float").getByRole("button").first().waitFor();
    await page.locator(".stage-float").getByRole("button", { name: "Add" }).waitFor();
    assert.equal(await page.locator(".float-error").count(), 0);
    await context.close();
  });

  it("lets a volunteer draw on, with a quiet note, while there is no help anywhere", async () => {
    const { context, page } = await openContext(browser);
    await page.route(HEAVY, (route) => route.abort());
    await page.route("**/segment", (route) => route.fulfill({ status: 503, headers: { "Retry-After": "2" }, contentType: "application/problem+json", body: JSON.stringify({ status: 503, detail: "busy" }) }));
    await startAsGuest(page);
    await beginDrawing(page);
    await page.keyboard.press("c");
    await point(page, [0.5, 0.5]);
    await page.getByText("Help is away for a moment; go on drawing.").waitFor();
    await shoot(page, "decoder-away");
    await page.keyboard.press("b");
    await stroke(page, [0.3, 0.6], [0.6, 0.6]);
    assert.ok((await painted(page)) > 50, "the brush works");
    await context.close();
  });
});
