// Real Chromium against a running `bramble up` (BRAMBLE_URL). The packages are those of services/web.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(new URL("../../../services/web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const URL_BASE = (process.env.BRAMBLE_URL ?? "http://127.0.0.1:8080").replace(/\/$/, "");
export const SHOTS = process.env.BRAMBLE_SCREENSHOTS ?? "";
export const ACCOUNTS = {
  volunteer: [process.env.BRAMBLE_VOLUNTEER ?? "volunteer@demo.example", process.env.BRAMBLE_VOLUNTEER_PASSWORD ?? "pick-berries-01"],
  lab: [process.env.BRAMBLE_LAB ?? "lab@demo.example", process.env.BRAMBLE_LAB_PASSWORD ?? "pick-berries-02"],
  operator: [process.env.BRAMBLE_OPERATOR ?? "operator@demo.example", process.env.BRAMBLE_OPERATOR_PASSWORD ?? "pick-berries-03"],
};
export const SIZES = { phone: { width: 390, height: 844 }, tablet: { width: 820, height: 1180 }, desktop: { width: 1280, height: 800 } };

export function launch() {
  return chromium.launch({
    executablePath: process.env.BRAMBLE_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

// Each page reports what a person would never see but a developer must: script errors and refused content.
export async function openContext(browser, options = {}) {
  const context = await browser.newContext({ baseURL: URL_BASE, viewport: SIZES.desktop, locale: "en-GB", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (e) => problems.push(`page error: ${e.message}`));
  page.on("console", (m) => {
    if (m.type() === "error" && !/status of (401|404|409|410|422|503)|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|ERR_FAILED|Failed to fetch/.test(m.text())) problems.push(m.text());
  });
  page.setDefaultTimeout(15_000);
  return { context, page, problems };
}

export async function logIn(page, who) {
  const [email, password] = ACCOUNTS[who];
  await page.goto("/account");
  await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("E-mail").fill(email);
  await dialog.getByLabel("Password").fill(password);
  await dialog.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Account", exact: true }).waitFor();
}

export async function startAsGuest(page) {
  await page.goto("/");
  await page.getByRole("button", { name: "Start labelling" }).click();
  await page.getByRole("dialog").getByRole("button", { name: /start as a guest/ }).click();
  await page.waitForURL(/\/label$/);
}

export async function beginDrawing(page) {
  await page.getByRole("dialog").getByRole("button", { name: "Begin" }).click();
  await page.getByRole("application").waitFor();
}

/** A stroke over the stage, in shares of its size. */
export async function stroke(page, from, to, steps = 8) {
  const box = await page.getByRole("application").boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps });
  await page.mouse.up();
}

/** Does what ends the work on the image that is shown, and waits until it isn't shown any more: the next one is, a comparison, or nothing. */
export async function leavesImage(page, act) {
  const before = await page.getByRole("application").getAttribute("data-image");
  await act();
  await page.waitForFunction((image) => document.querySelector("[role=application]")?.getAttribute("data-image") !== image, before);
}

/** Painted pixels of all labels, as the panel says. */
export async function painted(page) {
  const texts = await page.locator(".label-area").allTextContents();
  return texts.reduce((n, t) => n + Number(t.replace(/\D/g, "") || 0), 0);
}

/** Asks again until the answer is the one wanted: a picture follows its key press a frame or a request later, on a slow machine much later. */
export async function becomes(read, wanted, what, withinMs = 15_000) {
  const fits = typeof wanted === "function" ? wanted : (v) => JSON.stringify(v) === JSON.stringify(wanted);
  const end = Date.now() + withinMs;
  let now = await read();
  while (!fits(now)) {
    if (Date.now() > end) throw new Error(`${what ?? "it"} stayed ${JSON.stringify(now)} for ${withinMs / 1000} s; wanted: ${JSON.stringify(wanted) ?? wanted}`);
    await new Promise((r) => setTimeout(r, 50));
    now = await read();
  }
  return now;
}

/** Serious faults against WCAG 2.2 A and AA; an empty list is what is expected. */
export async function axe(page) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 4).join(" | ")}`);
}

export async function shoot(page, name) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
