// The real-or-synthetic game: the lab opens it, volunteers play by keyboard and by touch, nothing tells what an image is before the end,
// and the lab reads what came of it. BRAMBLE_GAME names the project, which has labelled images and samples.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { SIZES, axe, becomes, launch, logInUnseen, openContext, shoot } from "./harness.mjs";

const PROJECT = process.env.BRAMBLE_GAME;
const IMAGES = 8;
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Which image is shown, from 0; past the last one when the truth is told, -1 before and between. */
const place = (page) => page.evaluate((all) => (document.querySelector(".told") ? all : Number(document.querySelector("[data-place]")?.dataset.place ?? -1)), IMAGES);
/** A canvas that is one grey everywhere shows nothing. */
const drawn = (page) =>
  page.locator(".play canvas").evaluate((c) => {
    const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
    return new Set(data.filter((_, i) => i % 4 === 0)).size > 8;
  });

/** Keeps what the server says of rounds. */
function listen(page) {
  const heard = [];
  page.on("response", async (r) => {
    if (/\/rounds(\/|$)/.test(new URL(r.url()).pathname) && r.headers()["content-type"]?.includes("json")) heard.push(await r.json().catch(() => null));
  });
  return heard;
}

it("is opened by the lab and closed to it", async () => {
  const { context, page, problems } = await openContext(browser);
  await logInUnseen(page, "lab");
  await page.goto(`/lab/${PROJECT}/jobs`);
  await page.getByRole("heading", { name: "Do people tell them apart?" }).waitFor();
  await page.getByLabel("Images in a round").fill(String(IMAGES));
  await page.getByRole("button", { name: "Open the game" }).click();
  await page.getByText("The game is open").waitFor();
  await page.getByText("Nobody has finished a round yet.").waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole("link", { name: "The game's page" }).click();
  await page.getByText("so this game is not for you").waitFor();
  assert.equal(await page.getByRole("button", { name: "Begin" }).count(), 0);
  assert.deepEqual(problems, []);
  await context.close();
});

it("is played by keyboard, and tells the truth at the end only", async () => {
  const { context, page, problems } = await openContext(browser);
  await logInUnseen(page, "volunteer");
  const heard = listen(page);
  await page.goto(`/projects/${PROJECT}`);
  await page.getByRole("heading", { name: "Real or synthetic?" }).waitFor();
  await page.locator(`a[href="/projects/${PROJECT}/game"]`).click();
  await page.getByText(`You see up to ${IMAGES} images`).waitFor();
  await shoot(page, "game-rules");
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Begin" }).click();
  await becomes(() => drawn(page).catch(() => false), true, "the first image");
  await shoot(page, "game-play");
  assert.deepEqual(await axe(page), []);

  // The second half of a double click must not answer the image that it brought.
  await becomes(async () => (await page.getByRole("button", { name: "Real" }).dblclick(), place(page)), 1, "one answer of a double click");
  for (let n = 1; n < IMAGES; n++) {
    assert.equal(await page.getByText(`Image ${n + 1} of ${IMAGES}`).count(), 1);
    // A key that comes before the image has settled is not taken; it is pressed until it is.
    await becomes(async () => (await page.keyboard.press(n % 2 ? "2" : "1"), place(page)), (now) => now > n, `an answer to image ${n + 1}`);
    if (n === 3) {
      // A round that was left goes on where it was.
      await page.reload();
      await page.getByRole("button", { name: "Go on with your round" }).click();
      await becomes(() => place(page), 4, "the round after a reload");
    }
  }
  await page.getByRole("heading", { name: new RegExp(`of ${IMAGES} right`) }).waitFor();
  assert.equal(await page.locator(".told li").count(), IMAGES);
  assert.equal(await page.locator(".told").getByText("Synthetic", { exact: true }).count(), IMAGES / 2);
  await page.locator(".told canvas").first().waitFor();
  await shoot(page, "game-told");
  assert.deepEqual(await axe(page), []);
  const last = heard.pop();
  assert.equal(last.truth.length, IMAGES);
  assert.ok(heard.length >= IMAGES && heard.every((r) => r.truth === null && r.right === null), "no truth before the end");
  assert.deepEqual(problems, []);
  await context.close();
});

it("is played by touch on a phone, in Arabic", async () => {
  const { context, page, problems } = await openContext(browser, { viewport: SIZES.phone, hasTouch: true, isMobile: true });
  await page.goto("/");
  await page.evaluate(async () => {
    localStorage.setItem("bramble.language", "ar");
    const { version } = await (await fetch("/api/v1/consent")).json();
    await fetch("/api/v1/auth/guest", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ consent_version: version }) });
  });
  await page.goto(`/projects/${PROJECT}/game`);
  await page.getByRole("button", { name: "ابدأ" }).tap();
  await becomes(() => drawn(page).catch(() => false), true, "the first image");
  await shoot(page, "game-phone-ar");
  assert.deepEqual(await axe(page), []);
  const box = await page.getByRole("button", { name: "اصطناعية" }).boundingBox();
  assert.ok(box.y + box.height < SIZES.phone.height, "image and answers fit on one screen");
  for (let n = 0; n < IMAGES; n++) {
    await becomes(async () => (await page.getByRole("button", { name: "اصطناعية" }).tap({ timeout: 2000 }).catch(() => undefined), place(page)), (now) => now > n, `an answer to image ${n + 1}`);
  }
  await page.locator(".told li").first().waitFor();
  await shoot(page, "game-phone-told-ar");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${wide} px wider than the screen`);
  assert.deepEqual(problems, []);
  await context.close();
});

it("reads in German and French", async () => {
  const { context, page } = await openContext(browser);
  await logInUnseen(page, "volunteer");
  for (const [language, title] of [["de", "Echt oder künstlich?"], ["fr", "Réelle ou synthétique ?"]]) {
    await page.evaluate((l) => localStorage.setItem("bramble.language", l), language);
    await page.goto(`/projects/${PROJECT}/game`);
    await page.getByRole("heading", { name: title }).waitFor();
    assert.deepEqual(await axe(page), []);
  }
  await context.close();
});

it("tells the lab what the answers say, and that they are too few", async () => {
  const { context, page, problems } = await openContext(browser);
  await logInUnseen(page, "lab");
  await page.goto(`/lab/${PROJECT}/jobs`);
  await page.getByText("Too few answers to claim anything").waitFor();
  await page.getByText(`Players: 2 · finished rounds: 2 · answers: ${2 * IMAGES}`).waitFor();
  // Who always says "synthetic" is right on half of them, and finds all synthetic ones.
  await page.locator("summary", { hasText: "Each player" }).click();
  assert.ok((await page.getByRole("region", { name: "Each player" }).getByText("50%", { exact: true }).count()) >= 1);
  await page.locator("summary", { hasText: "Taken for real" }).click();
  await page.locator(".game-panel .thumbs img").first().waitFor();
  await page.getByRole("heading", { name: "Do people tell them apart?" }).scrollIntoViewIfNeeded();
  await shoot(page, "game-lab");
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Close the game" }).click();
  await page.getByRole("button", { name: "Open the game" }).waitFor();
  assert.deepEqual(problems, []);
  await context.close();
});
