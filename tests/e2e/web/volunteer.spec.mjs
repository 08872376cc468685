// What a volunteer lives through: first minute, drawing by mouse, finger, pen and keyboard, and the line going down.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SIZES, becomes, beginDrawing, journalled, launch, openContext, painted, sendsAnswer, startAsGuest, stroke, submissions, submitButton } from "./harness.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Answers the image and goes on to the next; true where it was a reference and the comparison was shown, at once or with a late receipt. */
async function submit(page) {
  const receipt = page.waitForResponse((r) => r.request().method() === "POST" && r.url().endsWith("/submissions"));
  await sendsAnswer(page);
  const wasGold = Boolean((await (await receipt).json()).feedback);
  if (wasGold) {
    const next = page.getByRole("button", { name: "Next image" });
    const late = page.getByRole("button", { name: "See how you compared" });
    await next.or(late).first().waitFor();
    if (await late.isVisible()) await late.click();
    await next.click();
  }
  await page.locator('.editor-actions button:has-text("Submit")').or(page.locator(".empty-title")).first().waitFor();
  return wasGold;
}

describe("a volunteer", () => {
  it("comes from the landing page to the first stroke in at most four clicks, and to the first answer that counts", async () => {
    const { context, page, problems } = await openContext(browser);
    await page.goto("/");
    // Every press of a button, link or box anywhere is counted, whoever dispatches it; the count outlives a change of page.
    await page.exposeFunction("pressed", () => clicks++);
    let clicks = 0;
    await page.addInitScript(() => addEventListener("click", () => globalThis.pressed(), true));
    await page.reload();
    const began = Date.now();
    await page.getByRole("button", { name: "Start labelling" }).click();
    await page.getByRole("dialog").getByRole("button", { name: /start as a guest/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Begin" }).click();
    await page.getByRole("application").waitFor();
    const before = await becomes(() => clicks, (n) => n >= 3, "the clicks counted");
    await stroke(page, [0.4, 0.4], [0.6, 0.5]);
    await becomes(() => painted(page), (n) => n > 50, "the first stroke");
    assert.ok(before <= 4, `${before} clicks`);
    assert.ok(Date.now() - began < 60_000, "within a minute");
    assert.match(page.url(), /\/label$/);
    await sendsAnswer(page);
    await becomes(() => submissions(page), 1, "the answers on the server");
    assert.deepEqual(problems, []);
    await context.close();
  });

  it("starts in two clicks, draws, undoes, submits, gets feedback on gold and the next image", async () => {
    const { context, page, problems } = await openContext(browser);
    await startAsGuest(page);
    await beginDrawing(page);
    await stroke(page, [0.4, 0.4], [0.55, 0.5]);
    const first = await painted(page);
    assert.ok(first > 50, `a stroke paints (${first} px)`);
    await stroke(page, [0.4, 0.6], [0.6, 0.6]);
    const second = await painted(page);
    assert.ok(second > first);
    await page.keyboard.press("Control+z");
    assert.equal(await painted(page), first);
    await page.keyboard.press("Control+Shift+z");
    assert.equal(await painted(page), second);
    await page.keyboard.press("e");
    await stroke(page, [0.4, 0.6], [0.6, 0.6]);
    assert.ok((await painted(page)) < second, "the eraser takes away");
    await page.keyboard.press("b");
    let gold = 0;
    for (let i = 1; i <= 12 && gold === 0; i++) {
      if (i > 1) await stroke(page, [0.45, 0.5], [0.55, 0.5]);
      if (await submit(page)) gold++;
      await becomes(() => submissions(page), i, "the answers on the server");
    }
    assert.ok(gold > 0, "one of twelve images was gold and showed how it compared");
    assert.deepEqual(problems, []);
    await context.close();
  });

  it("finds the drawing again after a reload and after a crash of the page", async () => {
    const { context, page } = await openContext(browser);
    await startAsGuest(page);
    await beginDrawing(page);
    await stroke(page, [0.4, 0.4], [0.6, 0.5]);
    const before = await painted(page);
    await becomes(() => journalled(page), before, "the drawing in the journal");
    await page.reload();
    await page.getByRole("application").waitFor();
    await page.getByText("Your drawing from before is back.").waitFor();
    await becomes(() => painted(page), before, "the drawing after a reload");
    const url = page.url();
    await page.goto("chrome://crash").catch(() => undefined);
    await page.close();
    const again = await context.newPage();
    await again.goto(url);
    await again.getByText("Your drawing from before is back.").waitFor();
    await becomes(() => painted(again), before, "the drawing after a crash");
    await context.close();
  });

  it("submits without a line and sends once when it is back", async () => {
    const { context, page } = await openContext(browser);
    await startAsGuest(page);
    await beginDrawing(page);
    await stroke(page, [0.4, 0.4], [0.6, 0.5]);
    // The next two images are on the device.
    await page.waitForFunction(() => performance.getEntriesByType("resource").filter((e) => e.name.endsWith("/frame")).length >= 3);
    await page.waitForLoadState("networkidle");
    await context.setOffline(true);
    // What lies ready is worked off first; then there is nothing to do, and that is said.
    for (let i = 1; i <= 3; i++) {
      await sendsAnswer(page);
      if (i < 3) {
        await page.getByRole("application").waitFor();
        await stroke(page, [0.4, 0.4], [0.6, 0.5]);
      }
    }
    await page.getByText("No connection").waitFor();
    await page.getByText("3 answers are kept on this device").waitFor();
    await context.setOffline(false);
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await page.getByRole("application").waitFor();
    await page.getByText("wait for a connection").waitFor({ state: "detached" });
    await becomes(() => submissions(page), 3, "the answers on the server");
    await context.close();
  });

  it("logs in again in place when the session has run out, and keeps the drawing", async () => {
    const { context, page } = await openContext(browser);
    await startAsGuest(page);
    await page.goto("/account");
    await page.getByRole("main").getByRole("button", { name: "Create an account" }).click();
    const email = `e2e-${Date.now()}@example.org`;
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Robin");
    await dialog.getByLabel("E-mail").fill(email);
    await dialog.getByLabel("Password").fill("seventeen brown hares");
    await dialog.getByLabel(/I have read/).check();
    await dialog.getByRole("button", { name: "Create an account" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.goto("/projects");
    await page.getByRole("button", { name: "Start" }).first().click();
    await page.getByRole("application").or(page.getByRole("button", { name: "Begin" })).first().waitFor();
    if (await page.getByRole("button", { name: "Begin" }).isVisible()) await page.getByRole("button", { name: "Begin" }).click();
    await stroke(page, [0.4, 0.4], [0.6, 0.5]);
    const before = await painted(page);
    await context.clearCookies();
    assert.ok(before > 0);
    await submitButton(page).click();
    await dialog.getByText("Your session has ended").waitFor();
    await dialog.getByLabel("Password").fill("seventeen brown hares");
    await dialog.getByRole("button", { name: "Log in" }).click();
    await dialog.waitFor({ state: "hidden" });
    // The answer had been stored before it was refused; it goes out with the new session, once.
    await page.waitForFunction(async () => (await (await fetch("/api/v1/me/stats")).json()).submissions === 1);
    const [sent] = await page.evaluate(async () => (await (await fetch("/api/v1/me/work")).json()).items);
    assert.equal(sent.nothing_here, false);
    await context.close();
  });

  it("draws by touch, with the cursor above the finger, and pinches without leaving paint", async () => {
    const { context, page } = await openContext(browser, { viewport: SIZES.tablet, hasTouch: true });
    await startAsGuest(page);
    await beginDrawing(page);
    const cdp = await context.newCDPSession(page);
    const box = await page.getByRole("application").boundingBox();
    const at = (x, y, id = 0) => ({ x: box.x + x * box.width, y: box.y + y * box.height, id });
    const touch = (type, ...touchPoints) => cdp.send("Input.dispatchTouchEvent", { type, touchPoints });
    await touch("touchStart", at(0.4, 0.5));
    for (let i = 1; i <= 6; i++) await touch("touchMove", at(0.4 + i * 0.02, 0.5));
    await touch("touchEnd");
    const drawn = await becomes(() => painted(page), (n) => n > 20, "what a finger drew");
    await touch("touchStart", at(0.4, 0.4, 0));
    await touch("touchStart", at(0.4, 0.4, 0), at(0.6, 0.6, 1));
    for (let i = 1; i <= 6; i++) await touch("touchMove", at(0.4 - i * 0.02, 0.4 - i * 0.02, 0), at(0.6 + i * 0.02, 0.6 + i * 0.02, 1));
    await touch("touchEnd");
    // The pinch has arrived: the picture is larger, and the map of it comes up.
    await page.locator(".stage-minimap").waitFor();
    assert.equal(await painted(page), drawn, "a pinch leaves no paint");
    await page.getByRole("button", { name: "Undo" }).click();
    await becomes(() => painted(page), 0, "what is left when the one stroke is taken back");
    await context.close();
  });

  it("erases with the pen's other end and ignores the palm beside the pen", async () => {
    const { context, page } = await openContext(browser);
    await startAsGuest(page);
    await beginDrawing(page);
    await stroke(page, [0.4, 0.5], [0.6, 0.5]);
    const drawn = await painted(page);
    const send = (type, x, y, init) =>
      page.getByRole("application").evaluate((el, [t, px, py, more]) => {
        const b = el.getBoundingClientRect();
        el.dispatchEvent(new PointerEvent(t, { bubbles: true, cancelable: true, clientX: b.left + px * b.width, clientY: b.top + py * b.height, ...more }));
      }, [type, x, y, init]);
    const pen = { pointerId: 71, pointerType: "pen", isPrimary: true };
    await send("pointerdown", 0.45, 0.5, { ...pen, button: 5, buttons: 32 });
    await send("pointermove", 0.55, 0.5, { ...pen, buttons: 32 });
    await send("pointerup", 0.55, 0.5, { ...pen, button: 5, buttons: 0 });
    const erased = await becomes(() => painted(page), (n) => n < drawn, "what the pen's eraser end left while the brush is chosen");
    const palm = { pointerId: 72, pointerType: "touch", button: 0, buttons: 1 };
    await send("pointerdown", 0.3, 0.7, palm);
    await send("pointermove", 0.35, 0.75, palm);
    await send("pointerup", 0.35, 0.75, palm);
    assert.equal(await painted(page), erased, "a palm draws nothing");
    // Nor does it come late: the newest stroke to take back is the pen's.
    await page.keyboard.press("Control+z");
    await becomes(() => painted(page), drawn, "the drawing before the pen erased");
    await context.close();
  });

  it("draws by keyboard alone: a prompt point, the answer accepted, submitted", async () => {
    const { context, page } = await openContext(browser);
    await startAsGuest(page);
    await beginDrawing(page);
    await page.getByRole("application").focus();
    await page.keyboard.press("c");
    for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "Add", exact: true }).waitFor();
    assert.equal(await painted(page), 0, "an answer is only shown until it is accepted");
    await page.keyboard.press("Enter");
    const found = await painted(page);
    assert.ok(found > 20, `the accepted outline has ${found} px`);
    await page.keyboard.press("Control+z");
    assert.equal(await painted(page), 0);
    await page.keyboard.press("Control+y");
    assert.equal(await painted(page), found);
    await page.keyboard.press("Control+Enter");
    await page.getByText("Thank you!").or(page.getByRole("button", { name: "Next image" })).first().waitFor();
    await becomes(() => submissions(page), 1, "the answers on the server");
    await context.close();
  });

  it("answers nothing here on purpose, and skips with a reason", async () => {
    const { context, page } = await openContext(browser);
    await startAsGuest(page);
    await beginDrawing(page);
    await submitButton(page).click();
    await page.getByRole("dialog").getByRole("button", { name: "Nothing here, submit" }).click();
    await page.getByText("Thank you!").or(page.getByRole("button", { name: "Next image" })).first().waitFor();
    await becomes(() => submissions(page), 1, "the answers on the server");
    if (await page.getByRole("button", { name: "Next image" }).isVisible()) await page.getByRole("button", { name: "Next image" }).click();
    await page.locator(".editor-actions").getByRole("button", { name: "Skip" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "I cannot tell" }).click();
    await page.getByText("Skipped.").waitFor();
    await becomes(() => submissions(page), 1, "the answers on the server");
    await context.close();
  });
});
