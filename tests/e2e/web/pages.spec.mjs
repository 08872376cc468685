// Every page at three widths: no fault that axe can find, nothing wider than the screen, a picture for the eye.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SIZES, axe, launch, logIn, openContext, shoot, startAsGuest } from "./harness.mjs";
import { firstProject, labPages, operatorPages, volunteerPages } from "./tour.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function check(page, name) {
  await page.waitForLoadState("networkidle").catch(() => undefined);
  await shoot(page, name);
  assert.deepEqual(await axe(page), [], `axe on ${name}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name} is ${wide} px wider than the screen`);
}

/** Whether all of it is on the screen, without scrolling. */
async function inSight(locator, { width, height }) {
  const box = await locator.boundingBox();
  return box !== null && box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height;
}

for (const [size, viewport] of Object.entries(SIZES)) {
  const touch = size === "desktop" ? {} : { hasTouch: true };
  describe(size, () => {
    it("shows a volunteer's pages", async () => {
      const { context, page, problems } = await openContext(browser, { viewport, ...touch });
      await page.goto("/");
      await check(page, `landing-${size}`);
      await page.getByRole("button", { name: "Start labelling" }).click();
      await page.getByRole("dialog").getByRole("button", { name: /guest/ }).waitFor();
      await check(page, `consent-${size}`);
      await page.getByRole("dialog").getByRole("button", { name: "Create an account" }).click();
      await page.getByLabel("E-mail").waitFor();
      await check(page, `register-${size}`);
      await page.reload();
      await startAsGuest(page);
      await page.getByRole("dialog").getByRole("button", { name: "Begin" }).waitFor();
      await check(page, `guide-dialog-${size}`);
      await page.getByRole("dialog").getByRole("button", { name: "Begin" }).click();
      await page.getByRole("application").waitFor();
      await check(page, `label-${size}`);
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      await check(page, `shortcuts-${size}`);
      for (const [name, path] of await volunteerPages(page)) {
        await page.goto(path);
        await page.locator("h1, .empty-title").first().waitFor();
        await check(page, `${name}-${size}`);
      }
      assert.deepEqual(problems, []);
      await context.close();
    });

    it("shows a lab's pages", async () => {
      const { context, page, problems } = await openContext(browser, { viewport, ...touch });
      await logIn(page, "lab");
      for (const [name, path] of await labPages(page)) {
        await page.goto(path);
        await page.locator("h1").first().waitFor();
        await page.locator(".loading").first().waitFor({ state: "detached" });
        await check(page, `${name}-${size}`);
        const open = page.locator(".tabs [aria-current=page]");
        if (await open.count()) assert.ok(await inSight(open, viewport), `the open section of ${name} is off the screen`);
        if (name === "lab-gold-editor") for (const button of await page.locator(".editor-actions button:visible").all()) assert.ok(await inSight(button, viewport), `a button of ${name} is below the fold`);
      }
      assert.deepEqual(problems, []);
      await context.close();
    });

    it("says so, with a way back, wherever an address leads nowhere", async () => {
      const { context, page, problems } = await openContext(browser, { viewport, ...touch });
      await logIn(page, "operator");
      const project = await firstProject(page);
      const nowhere = ["/nowhere", "/projects/nope", "/projects/nope/label", "/projects/nope/practice", "/lab/nope", `/lab/${project}/nowhere`, `/lab/${project}/images/a/b`, "/operator/nowhere", `/projects/${project}/nowhere`];
      for (const path of nowhere) {
        await page.goto("/projects");
        await page.goto(path);
        await page.getByText("There is no such page.").waitFor();
        await page.locator(".empty a").waitFor();
        await check(page, `missing${path.replace(project, "p").replaceAll("/", "-")}-${size}`);
      }
      await page.locator(".empty a").click();
      await page.getByText("There is no such page.").waitFor({ state: "detached" });
      assert.deepEqual(problems, []);
      await context.close();
    });

    it("shows an operator's pages", async () => {
      const { context, page, problems } = await openContext(browser, { viewport, ...touch });
      await logIn(page, "operator");
      for (const [name, path] of operatorPages()) {
        await page.goto(path);
        await page.locator("table, .empty").first().waitFor();
        await check(page, `${name}-${size}`);
      }
      assert.deepEqual(problems, []);
      await context.close();
    });
  });
}
