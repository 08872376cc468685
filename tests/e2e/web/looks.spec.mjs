// Every page at three widths against its reference, a small grey picture of where things are.
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { SIZES, launch, logInUnseen, openContext } from "./harness.mjs";
import { REFERENCES, RENEW, SWITCHES, dress, look } from "./looks.mjs";
import { labPages, operatorPages, visit, volunteerPages } from "./tour.mjs";

let browser;
let desk;
const seen = new Set();
before(async () => {
  browser = await launch(...SWITCHES);
  desk = await (await browser.newContext()).newPage();
});
after(() => browser?.close());

async function open(size) {
  const opened = await openContext(browser, { viewport: SIZES[size], ...(size === "desktop" ? {} : { hasTouch: true }) });
  await dress(opened.context);
  return opened;
}

for (const size of Object.keys(SIZES)) {
  describe(size, () => {
    const faults = [];
    const check = async (page, name) => {
      assert.ok(!seen.has(`${name}-${size}.png`), `two pages are called ${name}`);
      seen.add(`${name}-${size}.png`);
      const fault = await look(page, desk, `${name}-${size}`);
      if (fault) faults.push(fault);
    };

    it("looks as it did, for volunteers", async () => {
      const { context, page } = await open(size);
      await visit(page, "/");
      await check(page, "welcome");
      await page.getByRole("button", { name: "Start labelling" }).click();
      await page.locator(".consent-text .prose h2, .consent-text .prose h1").first().waitFor();
      await check(page, "consent");
      await page.getByRole("dialog").getByRole("button", { name: "Create an account" }).click();
      await page.getByLabel("E-mail").waitFor();
      await check(page, "register");
      await page.getByRole("dialog").getByRole("button", { name: "I have an account" }).click();
      await page.getByLabel("E-mail").waitFor();
      await check(page, "login");
      await logInUnseen(page, "volunteer");
      for (const [name, path] of await volunteerPages(page)) {
        await visit(page, path);
        await check(page, name);
      }
      const project = (await volunteerPages(page)).find(([name]) => name === "project")[1];
      await page.goto(`${project}/label`);
      const begin = page.getByRole("dialog").getByRole("button", { name: "Begin" });
      await begin.waitFor();
      await page.locator(".dialog .prose").first().waitFor();
      // Behind it the image is opened already.
      await page.locator(".stage[data-image]").waitFor({ state: "attached" });
      await check(page, "guide-dialog");
      await begin.click();
      await page.getByRole("application").waitFor();
      await check(page, "label");
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      await check(page, "shortcuts");
      await visit(page, `${project}/practice`);
      await check(page, "practice");
      await context.close();
      assert.deepEqual(faults.splice(0), []);
    });

    it("looks as it did, for labs and operators", async () => {
      const { context, page } = await open(size);
      await logInUnseen(page, "lab");
      for (const [name, path] of await labPages(page)) {
        await visit(page, path);
        // The line to the server says so when it stands.
        if (await page.locator(".tabs").count()) await page.getByText("Live", { exact: true }).waitFor({ state: "attached" });
        await check(page, name);
      }
      await context.clearCookies();
      await logInUnseen(page, "operator");
      for (const [name, path] of operatorPages()) {
        await visit(page, path);
        if (name === "operator-audit") await page.locator("tbody").evaluate((rows) => (rows.style.visibility = "hidden"));
        await check(page, name);
      }
      await context.close();
      assert.deepEqual(faults.splice(0), []);
    });
  });
}

describe("a fault in a page", { skip: RENEW }, () => {
  const FAULTS = {
    "buttons below the fold": ["lab-gold-editor", "desktop", ".embedded-editor { height: 110dvh }"],
    "sections off the screen": ["lab-members", "tablet", ".tabs nav { flex-wrap: nowrap; overflow: hidden }"],
    "a button that touches its neighbour": ["account", "phone", ".card.stack { gap: 0 }"],
    "a cut select": ["operator-users", "tablet", "td select { width: 3rem }"],
    "letters twice as large": ["projects", "desktop", "main { font-size: 200% }"],
  };
  for (const [title, [name, size, css]] of Object.entries(FAULTS)) {
    it(`is seen: ${title}`, async () => {
      const { context, page } = await open(size);
      await logInUnseen(page, name.startsWith("operator") ? "operator" : name.startsWith("lab") ? "lab" : "volunteer");
      const pages = name.startsWith("operator") ? operatorPages() : name.startsWith("lab") ? await labPages(page) : await volunteerPages(page);
      await visit(page, pages.find(([n]) => n === name)[1]);
      if (name.startsWith("lab-")) await page.getByText("Live", { exact: true }).waitFor({ state: "attached" });
      await page.evaluate((text) => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(text.replaceAll(/([\w%]+) \}/g, "$1 !important }").replaceAll(";", " !important;"));
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      }, css);
      const fault = await look(page, desk, `${name}-${size}`);
      assert.match(String(fault), new RegExp(`${name}-${size} looks different`));
      await context.close();
    });
  }
});

it("no reference is left of a page that is gone", () => {
  const left = readdirSync(REFERENCES).filter((f) => !seen.has(f));
  if (RENEW) for (const file of left) rmSync(new URL(file, `file://${REFERENCES}`));
  else assert.deepEqual(left, []);
});
