// The consent changes: while it is being read, and while somebody who agreed to an older one is at work. BRAMBLE_GATEWAY_DB is the
// platform's SQLite file of the gateway, BRAMBLE_PYTHON a Python.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { axe, becomes, beginDrawing, launch, openContext, painted, sendsAnswer, shoot, startAsGuest, stroke, submissions, submitButton } from "./harness.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** As if everybody had agreed to the version before. */
function age() {
  const script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=30); db.execute(\"UPDATE gateway_accounts SET consent_version = '2020-01-01'\"); db.commit()";
  const done = spawnSync(process.env.BRAMBLE_PYTHON, ["-c", script, process.env.BRAMBLE_GATEWAY_DB], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
}

const consentOf = (page) => page.evaluate(async () => (await (await fetch("/api/v1/auth/me")).json()).consent_current);
const askForMore = async () => {
  const { csrf_token } = await (await fetch("/api/v1/auth/me")).json();
  const project = location.pathname.split("/")[2];
  return (await fetch(`/api/v1/projects/${project}/next?ahead=2`, { method: "POST", headers: { "X-CSRF-Token": csrf_token } })).status;
};
const OLD = { version: "2020-01-01", text: "# The text of before\n\nShort." };

describe("a consent that changes", () => {
  it("while it is read is shown anew, and agreed to in the same dialog", async () => {
    const { context, page, problems } = await openContext(browser);
    // What a page that has been open since before the change holds.
    await page.route("**/api/v1/consent", (route) => route.fulfill({ json: OLD }), { times: 1 });
    await page.goto("/");
    await page.getByRole("button", { name: "Start labelling" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("The text of before").waitFor();
    await dialog.getByRole("button", { name: /start as a guest/ }).click();
    await dialog.getByText("The consent has changed meanwhile.").waitFor();
    await dialog.getByText("The text of before").waitFor({ state: "detached" });
    await shoot(page, "consent-changed");
    assert.deepEqual(await axe(page), [], "axe on the changed consent");
    await dialog.getByRole("button", { name: /start as a guest/ }).click();
    await page.waitForURL(/\/label$/);
    assert.equal(await consentOf(page), true);
    assert.deepEqual(problems, []);
    await context.close();
  });

  it("while an account is made keeps what was filled in, and asks for a new tick", async () => {
    const { context, page } = await openContext(browser);
    await page.route("**/api/v1/consent", (route) => route.fulfill({ json: OLD }), { times: 1 });
    await page.goto("/account");
    await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Create an account" }).click();
    await dialog.getByLabel("Name").fill("Robin");
    await dialog.getByLabel("E-mail").fill(`consent-${Date.now()}@example.org`);
    await dialog.getByLabel("Password").fill("seventeen brown hares");
    const agreed = dialog.getByLabel(/I have read/);
    await agreed.check();
    await dialog.getByRole("button", { name: "Create an account" }).click();
    await dialog.getByText("The consent has changed meanwhile.").waitFor();
    assert.equal(await agreed.isChecked(), false, "the tick was for another text");
    assert.equal(await dialog.getByLabel("Name").inputValue(), "Robin");
    await agreed.check();
    await dialog.getByRole("button", { name: "Create an account" }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.equal(await consentOf(page), true);
    await context.close();
  });

  it("while somebody draws is asked for in place, and the work goes on", async () => {
    const { context, page } = await openContext(browser);
    await startAsGuest(page);
    await beginDrawing(page);
    await stroke(page, [0.4, 0.4], [0.6, 0.5]);
    await becomes(() => painted(page), (n) => n > 50, "the stroke");
    age();
    // The gateway keeps what it knows of a session for some seconds; asking for the same images again changes nothing.
    await becomes(() => page.evaluate(askForMore), 403, "the refusal of more images", 60_000);
    await submitButton(page).click();
    // The answer is taken; the next image is what the new consent is asked for, over the page, which stays as it is.
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("heading", { name: "The consent has changed" }).waitFor();
    assert.match(page.url(), /\/label$/);
    await dialog.getByRole("button", { name: "I agree", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
    assert.equal(await consentOf(page), true);
    await becomes(() => submissions(page), 1, "the answers on the server");
    await page.getByRole("application").waitFor();
    await stroke(page, [0.4, 0.4], [0.6, 0.5]);
    await becomes(() => painted(page), (n) => n > 50, "a stroke on the next image");
    await sendsAnswer(page);
    await becomes(() => submissions(page), 2, "the answers on the server");
    await context.close();
  });
});
