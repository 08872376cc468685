// Real Chromium against a running `bramble up` (BRAMBLE_URL). The packages are those of services/web.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(new URL("../../../services/web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const URL_BASE = (process.env.BRAMBLE_URL ?? "http://127.0.0.1:8080").replace(/\/$/, "");
/** How long a step may take, in ms: more on a machine that others load. */
export const PATIENCE = 1000 * Number(process.env.BRAMBLE_PATIENCE_S ?? 15);
export const SHOTS = process.env.BRAMBLE_SCREENSHOTS ?? "";
export const ACCOUNTS = {
  volunteer: [process.env.BRAMBLE_VOLUNTEER ?? "volunteer@demo.example", process.env.BRAMBLE_VOLUNTEER_PASSWORD ?? "pick-berries-01"],
  lab: [process.env.BRAMBLE_LAB ?? "lab@demo.example", process.env.BRAMBLE_LAB_PASSWORD ?? "pick-berries-02"],
  operator: [process.env.BRAMBLE_OPERATOR ?? "operator@demo.example", process.env.BRAMBLE_OPERATOR_PASSWORD ?? "pick-berries-03"],
};
export const SIZES = { phone: { width: 390, height: 844 }, tablet: { width: 820, height: 1180 }, desktop: { width: 1280, height: 800 } };

/** `more` are further switches of the browser. */
export function launch(...more) {
  return chromium.launch({
    executablePath: process.env.BRAMBLE_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...more],
  });
}

// Each page reports what a person would never see but a developer must: script errors and refused content.
export async function openContext(browser, options = {}) {
  const context = await browser.newContext({ baseURL: URL_BASE, viewport: SIZES.desktop, locale: "en-GB", reducedMotion: "reduce", ...options });
  await context.addInitScript(listen);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (e) => problems.push(`page error: ${e.message}`));
  page.on("console", (m) => {
    if (m.type() === "error" && !/status of (401|404|409|410|422|503)|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|ERR_FAILED|Failed to fetch/.test(m.text())) problems.push(m.text());
  });
  page.setDefaultTimeout(PATIENCE);
  return { context, page, problems };
}

/** In the page: collects what it measures of itself, in ms by name, from the first moment on; it keeps none of its entries. */
function listen() {
  globalThis.measured = {};
  new PerformanceObserver((list) => {
    for (const { name, duration } of list.getEntries()) if (name.startsWith("bramble-")) (globalThis.measured[name.slice(8)] ??= []).push(duration);
  }).observe({ type: "measure" });
}

/** How long each of these took on the page since it was loaded, in ms, in order: `paint`, `next`, `device`, `server`, `measured`. */
export const measures = (page, what) => page.evaluate((w) => globalThis.measured[w] ?? [], what);

export const logIn = (page, who) => logInAs(page, ...ACCOUNTS[who]);

export async function logInAs(page, email, password) {
  await page.goto("/account");
  await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("E-mail").fill(email);
  await dialog.getByLabel("Password").fill(password);
  await dialog.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Account", exact: true }).waitFor();
}

/** Logs in past the form, for pages in any language. */
export async function logInUnseen(page, who) {
  const [email, password] = ACCOUNTS[who];
  await page.goto("/");
  await page.evaluate(async (body) => {
    const answer = await fetch("/api/v1/auth/login", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`login: ${answer.status}`);
  }, { email, password });
}

export async function startAsGuest(page) {
  await page.goto("/");
  await page.getByRole("button", { name: "Start labelling" }).click();
  await page.getByRole("dialog").getByRole("button", { name: /start as a guest/ }).click();
  await page.waitForURL(/\/label$/);
}

/**
 * A project with `images` square frames, each of another grey (`step` apart) with a bright square in it; answers its id. The page must be
 * logged in as a lab. `group` makes one stack of them, in order.
 */
export async function makeProject(page, { name, labels = ["spot"], quorum = 2, images, side = 96, step = 1, group }) {
  return page.evaluate(async (p) => {
    const { csrf_token } = await (await fetch("/api/v1/auth/me")).json();
    const headers = { "X-CSRF-Token": csrf_token };
    const ask = async (path, init) => {
      const answer = await fetch(`/api/v1${path}`, { method: "POST", ...init });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    const body = { name: p.name, labels: p.labels.map((l) => ({ name: l })), quorum: p.quorum, gold_share: 0, open: true };
    const { id } = await ask("/projects", { headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const canvas = new OffscreenCanvas(p.side, p.side);
    const ctx = canvas.getContext("2d");
    for (let from = 0; from < p.images; from += 20) {
      const form = new FormData();
      for (let i = from + 1; i <= Math.min(p.images, from + 20); i++) {
        const grey = (i * p.step) % 200;
        ctx.fillStyle = `rgb(${grey}, ${grey}, ${grey})`;
        ctx.fillRect(0, 0, p.side, p.side);
        ctx.fillStyle = "#ddd";
        ctx.fillRect(p.side * 0.3 + (i % 9), p.side * 0.38, p.side * 0.32, p.side * 0.32 + Math.floor(i / 200));
        form.append("files", await canvas.convertToBlob({ type: "image/png" }), `${i}.png`);
      }
      const report = await ask(`/projects/${id}/images${p.group ? `?group=${p.group}` : ""}`, { headers, body: form });
      if (report.rejected) throw new Error(JSON.stringify(report));
    }
    return id;
  }, { name, labels, quorum, images, side, step, group });
}

/** Takes a project away again; the page must be logged in as its lab. */
export async function archiveProject(page, project) {
  await page.evaluate(async (p) => {
    const { csrf_token } = await (await fetch("/api/v1/auth/me")).json();
    await fetch(`/api/v1/projects/${p}`, { method: "DELETE", headers: { "X-CSRF-Token": csrf_token } });
  }, project);
}

/** Answers of this person that the server has. */
export const submissions = (page) => page.evaluate(async () => (await (await fetch("/api/v1/me/stats")).json()).submissions);

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

/** The button that sends the answer to the image that is shown. */
export const submitButton = (page) => page.locator(".editor-actions").getByRole("button", { name: "Submit" });

/** Sends the answer, and waits until the image isn't shown any more. */
export const sendsAnswer = (page) => leavesImage(page, () => submitButton(page).click());

/** Painted pixels of all labels, as the panel says. */
export async function painted(page) {
  const texts = await page.locator(".label-area").allTextContents();
  return texts.reduce((n, t) => n + Number(t.replace(/\D/g, "") || 0), 0);
}

/** Painted pixels of the drawings that this device's journal holds: what a reload or a crash would bring back. */
export const journalled = (page) =>
  page.evaluate(async () => {
    const db = await new Promise((resolve, reject) => {
      const opening = indexedDB.open("bramble");
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const layers = await new Promise((resolve, reject) => {
      const reading = db.transaction("layers").objectStore("layers").getAll();
      reading.onsuccess = () => resolve(reading.result);
      reading.onerror = () => reject(reading.error);
    });
    db.close();
    let bits = 0;
    for (const { words } of layers) for (let w of words) for (; w; w &= w - 1) bits++;
    return bits;
  });

/** Grey value that the screen shows, composed and filtered, at a place of the page in CSS pixels. */
export async function onScreen(page, x, y) {
  const png = await page.screenshot({ clip: { x: Math.round(x), y: Math.round(y), width: 1, height: 1 } });
  return page.evaluate(async (base64) => {
    const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]));
    const ctx = new OffscreenCanvas(1, 1).getContext("2d");
    ctx.drawImage(picture, 0, 0);
    return ctx.getImageData(0, 0, 1, 1).data[0];
  }, png.toString("base64"));
}

/** Asks again until the answer is the one wanted: a picture follows its key press a frame or a request later, on a slow machine much later. */
export async function becomes(read, wanted, what, withinMs = PATIENCE) {
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
