// From sign-up over example, tutorial and practice to real work and one's own statistics; and what was told reaches the lab.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { axe, beginDrawing, launch, logIn, openContext, shoot, stroke, submitButton } from "./harness.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** The lab marks its gold for practice and asks for one mastered image at a Dice that any stroke over the brain reaches. */
async function furnish() {
  const { context, page } = await openContext(browser);
  await logIn(page, "lab");
  const project = await page.evaluate(async () => {
    const { csrf_token } = await (await fetch("/api/v1/auth/me")).json();
    const headers = { "X-CSRF-Token": csrf_token, "Content-Type": "application/json" };
    const { id } = (await (await fetch("/api/v1/projects?limit=50")).json()).items.sort((a, b) => b.counts.images - a.counts.images)[0];
    const gold = (await (await fetch(`/api/v1/projects/${id}/gold?limit=200`)).json()).items.filter((g) => !g.nothing_here);
    for (const g of gold.slice(0, 3)) await fetch(`/api/v1/projects/${id}/gold/${g.image_id}`, { method: "PUT", headers, body: JSON.stringify({ masks: g.masks, nothing_here: false, practice: true }) });
    await fetch(`/api/v1/projects/${id}`, { method: "PATCH", headers, body: JSON.stringify({ practice_required: 1, practice_dice: 0.01 }) });
    return id;
  });
  await context.close();
  return project;
}

it("leads from sign-up over tutorial and practice to real work and statistics", async () => {
  const project = await furnish();
  const { context, page, problems } = await openContext(browser);
  await page.goto("/");
  await page.getByRole("button", { name: "Start labelling" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create an account" }).click();
  await dialog.getByLabel("Name").fill("Robin");
  await dialog.getByLabel("E-mail").fill(`learner-${Date.now()}@example.org`);
  await dialog.getByLabel("Password").fill("seventeen brown hares");
  await dialog.getByLabel(/I have read/).check();
  await dialog.getByRole("button", { name: "Create an account" }).click();
  // Real work isn't open yet: its page leads to practice by itself.
  await page.waitForURL(/\/label$|\/projects/);
  await page.goto(`/projects/${project}/label`);
  await page.waitForURL(/\/practice$/);
  await page.getByRole("button", { name: "Show me how" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "To the real images" }).count(), 0, "not before practice");
  await shoot(page, "practice");
  assert.deepEqual(await axe(page), [], "axe on the course");

  await page.getByRole("button", { name: "Show me how" }).click();
  await page.getByRole("button", { name: "Got it" }).click();
  await page.getByRole("heading", { name: "Paint" }).waitFor();
  await shoot(page, "tutorial");
  assert.deepEqual(await axe(page), [], "axe on the tutorial");
  await page.keyboard.press("b");
  await stroke(page, [0.4, 0.5], [0.6, 0.5]);
  await page.getByRole("heading", { name: "Take it back" }).waitFor();
  await page.keyboard.press("Control+z");
  await page.getByRole("heading", { name: "Erase" }).waitFor();
  await page.getByRole("button", { name: "Leave this out" }).click();
  await page.getByRole("heading", { name: "Finish the outline" }).waitFor();
  await stroke(page, [0.4, 0.5], [0.6, 0.5]);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.getByText("This was the example").waitFor();
  await shoot(page, "tutorial-feedback");

  await page.getByRole("button", { name: "Next practice image" }).click();
  await page.getByText("1 more image to master").waitFor();
  for (const y of [0.4, 0.5, 0.6]) await stroke(page, [0.35, y], [0.65, y]);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.getByText("You are ready for real images").waitFor();
  // The label that was left out is shown first, because there is most to learn; then the one that was drawn.
  await page.locator(".feedback-label button").first().click();
  await page.getByText(/On average your line is/).waitFor();
  await shoot(page, "practice-feedback");
  assert.deepEqual(await axe(page), [], "axe on the comparison");
  await page.getByRole("link", { name: "To the real images" }).click();
  await page.waitForURL(/\/label$/);
  await beginDrawing(page);
  await stroke(page, [0.4, 0.5], [0.6, 0.5]);
  await submitButton(page).click();
  await page.getByText("Thank you!").or(page.getByRole("button", { name: "Next image" })).first().waitFor();

  await page.goto("/me");
  await page.getByText("First outline").waitFor();
  assert.equal(await page.locator('.badges li[data-earned="true"]').count(), 2, "first outline, and prepared");
  await page.locator(".my-work button").first().click();
  await page.getByText("Others are still at work").waitFor();
  await shoot(page, "stats");
  assert.deepEqual(await axe(page), [], "axe on the statistics");
  await page.goto("/account");
  await page.getByText("Erase my account").waitFor();
  await shoot(page, "account");
  assert.deepEqual(await axe(page), [], "axe on the account");
  // 403 is how real work says that practice comes first.
  assert.deepEqual(problems.filter((p) => !/status of 403/.test(p)), []);
  await context.close();
});
