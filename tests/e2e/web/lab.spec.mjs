// A lab's way through its pages: project, labels, upload with a bad file among good ones, gold, dashboard, key, dataset.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { becomes, beginDrawing, launch, leavesImage, logIn, openContext, painted, startAsGuest, stroke, submitButton } from "./harness.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A grey PNG drawn by the browser itself: a bright disc on a dark ground. */
function disc(page, size, x, y, r) {
  return page.evaluate(async ([s, cx, cy, radius]) => {
    const canvas = new OffscreenCanvas(s, s);
    const ctx = canvas.getContext("2d");
    ctx.fillStyle = "#202020";
    ctx.fillRect(0, 0, s, s);
    ctx.fillStyle = "#c8c8c8";
    ctx.beginPath();
    ctx.arc(cx, cy, radius, 0, 7);
    ctx.fill();
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
    return Array.from(bytes);
  }, [size, x, y, r]);
}

/** A guest answers every image of the project with one stroke. */
async function answerAll(project, from, to) {
  const { context, page } = await openContext(browser);
  await startAsGuest(page);
  await page.goto(`/projects/${project}/label`);
  await beginDrawing(page);
  const none = page.locator(".empty-title");
  const next = page.getByRole("button", { name: "Next image" });
  for (;;) {
    await stroke(page, from, to);
    await leavesImage(page, () => submitButton(page).click());
    await next.or(none).or(submitButton(page)).first().waitFor();
    // On gold the comparison comes first.
    if (await next.isVisible()) await next.click();
    await none.or(submitButton(page)).first().waitFor();
    if (await none.isVisible()) break;
  }
  await context.close();
}

it("takes a lab from an empty project over gold, a key, volunteers' work and review to a dataset that can be downloaded", async () => {
  const { context, page, problems } = await openContext(browser);
  await logIn(page, "lab");
  await page.goto("/lab/new");
  const name = `Discs ${Date.now()}`;
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Purpose in a sentence").fill("Outline the bright disc.");
  await page.getByLabel("Label", { exact: true }).fill("disc");
  await page.getByLabel("Guide", { exact: true }).fill("# What to do\n\nOutline the **disc**. <script>window.hacked = true</script> [bad](javascript:alert(1))");
  await page.getByLabel("Preview").check();
  await page.locator(".preview strong").waitFor();
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
  assert.equal(await page.locator('.preview a[href^="javascript"]').count(), 0);
  await page.getByRole("button", { name: "Create the project" }).click();
  await page.waitForURL(/\/images$/);

  const files = [];
  for (let i = 0; i < 3; i++) files.push({ name: `disc-${i}.png`, mimeType: "image/png", buffer: Buffer.from(await disc(page, 96, 40 + 6 * i, 48, 20)) });
  files.push({ name: "not-a-picture.png", mimeType: "image/png", buffer: Buffer.from("this is text") });
  await page.locator('input[type="file"]').setInputFiles(files);
  await page.getByText("Refused").waitFor();
  await page.locator(".badge", { hasText: "Stored" }).nth(2).waitFor();
  const reason = await page.getByRole("row", { name: /not-a-picture/ }).locator("td").last().textContent();
  assert.ok(reason.length > 10, `the refused file says why: ${reason}`);
  await page.locator(".thumbs img").nth(2).waitFor();

  await page.getByRole("link", { name: "Gold", exact: true }).click();
  await page.getByRole("img", { name: /Draw gold for/ }).first().click();
  await page.getByRole("application").waitFor();
  await page.locator(".toolbar").getByRole("button", { name: "Lasso" }).click();
  await stroke(page, [0.42, 0.4], [0.58, 0.6], 4);
  await page.locator(".toolbar").getByRole("button", { name: "Brush", exact: true }).click();
  await stroke(page, [0.45, 0.45], [0.55, 0.55]);
  assert.ok((await painted(page)) > 30);
  await page.getByRole("button", { name: "Save as gold" }).click();
  await page.getByText("1 gold image").waitFor();

  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByText("3", { exact: true }).first().waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Answers for each image").fill("2");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();

  await page.goto("/lab/keys");
  await page.getByLabel("Name", { exact: true }).fill(`e2e ${name}`);
  await page.getByRole("button", { name: "Create key" }).click();
  const secret = await page.locator(".secret").textContent();
  const asked = await fetch(`${new URL(page.url()).origin}/api/v1/projects`, { headers: { Authorization: `Bearer ${secret}` } });
  assert.equal(asked.status, 200, "the key that was shown works");
  await page.getByRole("row", { name: new RegExp(name) }).getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("row", { name: new RegExp(name) }).getByText("Revoked").waitFor();
  const refused = await fetch(`${new URL(page.url()).origin}/api/v1/projects`, { headers: { Authorization: `Bearer ${secret}` } });
  assert.equal(refused.status, 401, "a revoked key is refused");

  await page.goto("/lab");
  await page.getByRole("link", { name }).click();
  await page.getByRole("heading", { name }).waitFor();
  const project = new URL(page.url()).pathname.split("/")[2];
  // Two volunteers who don't agree: their images are for the lab to decide.
  await answerAll(project, [0.4, 0.45], [0.6, 0.45]);
  await answerAll(project, [0.4, 0.6], [0.6, 0.6]);
  const waiting = () => page.evaluate(async (p) => (await (await fetch(`/api/v1/projects/${p}/consensus?status=review`)).json()).items.length, project);
  await becomes(waiting, (n) => n > 0, "the images to review", 120_000);
  await page.getByRole("link", { name: "Review" }).click();
  await page.getByRole("application").waitFor();
  const before = await waiting();
  await page.getByRole("button", { name: "Accept", exact: true }).click();
  await becomes(waiting, before - 1, "the images to review after one was accepted", 60_000);

  await page.getByRole("link", { name: "Datasets" }).click();
  await page.getByLabel("Name", { exact: true }).fill("first");
  await page.getByLabel("Synthetic images").uncheck();
  await page.getByRole("button", { name: "Publish a dataset" }).click();
  await page.getByText("The dataset is being built").waitFor();
  // The page hears of it by itself.
  const row = page.getByRole("row", { name: /first/ });
  await row.waitFor({ timeout: 180_000 });
  const download = await row.getByRole("link", { name: /Download/ }).getAttribute("href");
  const file = await page.evaluate(async (url) => Array.from(new Uint8Array(await (await fetch(url)).arrayBuffer()).slice(0, 2)), download);
  assert.deepEqual(file, [0x50, 0x4b], "the dataset is a ZIP");

  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Archive" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Archive" }).click();
  await page.waitForURL(/\/lab$/);
  assert.deepEqual(problems, []);
  await context.close();
});

it("keeps a volunteer out of the lab's and the operator's pages", async () => {
  const { context, page } = await openContext(browser);
  await logIn(page, "volunteer");
  assert.equal(await page.getByRole("link", { name: "Lab", exact: true }).count(), 0);
  await page.goto("/operator");
  await page.getByText("These pages are for operators.").waitFor();
  const status = await page.evaluate(async () => (await fetch("/api/v1/admin/users")).status);
  assert.equal(status, 403);
  await context.close();
});
