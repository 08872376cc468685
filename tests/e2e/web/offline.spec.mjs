// Work taken along on a train: twenty images answered without a line, over a reload, and each counted once at the server.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { becomes, beginDrawing, journalled, launch, logIn, makeProject, measures, openContext, painted, sendsAnswer, startAsGuest, stroke, submissions } from "./harness.mjs";

const ALONG = 20;
let browser;
let project;
before(async () => {
  browser = await launch();
  // Somebody may hold twenty places ahead where that is no more than a quarter of what is open.
  const { context, page } = await openContext(browser);
  await logIn(page, "lab");
  project = await makeProject(page, { name: "Without a line", images: 4 * ALONG + 28 });
  await context.close();
});
after(() => browser?.close());

async function enter(page) {
  await startAsGuest(page);
  await begin(page);
}

async function begin(page) {
  await page.goto(`/projects/${project}/label`);
  await beginDrawing(page);
}

/** Answers the image that is shown and waits for the next one, which is another. */
async function answer(page) {
  await stroke(page, [0.45, 0.45], [0.55, 0.5], 3);
  await sendsAnswer(page);
}

describe("without a connection", () => {
  it("labels twenty images in a row, also after a reload, and sends each once", async () => {
    const { context, page, problems } = await openContext(browser);
    await enter(page);
    await page.getByText("Without a connection").click();
    await page.getByRole("button", { name: `Take ${ALONG} images along` }).click();
    await page.getByText(`${ALONG} images are ready on this device`).waitFor();
    // The worker that holds the page itself is there from the first visit on.
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => null));
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await context.setOffline(true);
    for (let i = 1; i <= ALONG; i++) {
      if (i === 8) {
        await stroke(page, [0.4, 0.6], [0.5, 0.6], 3);
        const before = await painted(page);
        await becomes(() => journalled(page), before, "the drawing in the journal");
        await page.reload();
        await page.getByText("Your drawing from before is back.").waitFor();
        await becomes(() => painted(page), before, "the drawing after a reload on the train");
      }
      await answer(page);
      await page.getByText(i === 1 ? "1 answer waits for a connection" : `${i} answers wait for a connection`).waitFor();
    }
    await context.setOffline(false);
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await page.getByText("wait for a connection").waitFor({ state: "detached", timeout: 30_000 });
    await page.getByText("waits for a connection").waitFor({ state: "detached" });
    await becomes(() => submissions(page), ALONG, "the answers on the server");
    // Once each: twenty answers to twenty images, none of them twice.
    const rows = await page.evaluate(async (p) => {
      const { items } = await (await fetch(`/api/v1/me/work?limit=100&project_id=${p}`)).json();
      return items.map((w) => w.image.id);
    }, project);
    assert.equal(rows.length, ALONG);
    assert.equal(new Set(rows).size, ALONG);
    assert.deepEqual(problems, []);
    await context.close();
  });

  it("has the next image ready: an answer costs no wait, and leaving gives the prefetched places back", async () => {
    const { context, page } = await openContext(browser);
    await startAsGuest(page);
    const leases = () => page.evaluate(async (p) => (await (await fetch(`/api/v1/projects/${p}`)).json()).counts.leases, project);
    const others = await leases();
    await begin(page);
    for (let i = 0; i < 3; i++) await answer(page);
    await becomes(async () => (await measures(page, "next")).length, 3, "the next images drawn");
    // The image at work and two after it; the one at work stays with whoever has begun to draw on it.
    const held = await becomes(leases, (n) => n === others + 3, "the leases held");
    await page.getByRole("link", { name: "Leave the image" }).click();
    await becomes(leases, held - 2, "the leases held after leaving");
    await context.close();
  });

  it("lets go of the pictures of images that were left", async () => {
    const { context, page } = await openContext(browser);
    await enter(page);
    const cdp = await context.newCDPSession(page);
    // Decoded pictures that something on the page still holds; the browser collects garbage before it counts.
    const pictures = async () => {
      const { result } = await cdp.send("Runtime.evaluate", { expression: "ImageBitmap.prototype" });
      const { objects } = await cdp.send("Runtime.queryObjects", { prototypeObjectId: result.objectId });
      const count = await cdp.send("Runtime.callFunctionOn", { objectId: objects.objectId, functionDeclaration: "function () { return this.length; }", returnByValue: true });
      await cdp.send("Runtime.releaseObject", { objectId: objects.objectId });
      return count.result.value;
    };
    for (let i = 0; i < 10; i++) await answer(page);
    // The image at work, the next one, and what the tools have made of them; not one more for each of the ten.
    await becomes(pictures, (n) => n > 0 && n <= 6, "the pictures held after ten images");
    await context.close();
  });

  it("gives twenty images that were taken along back at logout", async () => {
    const { context, page } = await openContext(browser);
    const watch = await openContext(browser);
    await logIn(watch.page, "lab");
    const leases = () => watch.page.evaluate(async (p) => (await (await fetch(`/api/v1/projects/${p}`)).json()).counts.leases, project);
    const before = await leases();
    await enter(page);
    await page.getByText("Without a connection").click();
    await page.getByRole("button", { name: `Take ${ALONG} images along` }).click();
    await page.getByText(`${ALONG} images are ready on this device`).waitFor();
    await page.goto("/account");
    assert.ok((await leases()) >= before + ALONG);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Start labelling" }).waitFor();
    await becomes(leases, before, "the leases held after the logout");
    await watch.context.close();
    await context.close();
  });
});
