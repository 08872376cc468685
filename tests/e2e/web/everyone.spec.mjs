// Text at twice its size (WCAG 1.4.4), a window of a quarter (1.4.10), and pages read from right to left: on every page nothing is lost.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SIZES, archiveProject, axe, beginDrawing, launch, logIn, logInAs, logInUnseen, openContext, shoot } from "./harness.mjs";
import { labPages, makeLongest, operatorPages, visit, volunteerPages } from "./tour.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/**
 * What a person can't get at: text that its box cuts off, text and controls beyond the screen's sides that nothing scrolls to, and
 * controls that lie under others. Empty where all is well.
 */
const lost = (page) =>
  page.evaluate(() => {
    const faults = [];
    const width = document.documentElement.clientWidth;
    const name = (el) => `${el.tagName.toLowerCase()}${el.className && typeof el.className === "string" ? `.${el.className.trim().split(/\s+/).join(".")}` : ""}`;
    const hidden = (el) => (el.closest("details:not([open])") && !el.closest("summary")) || el.closest(".sr-only, [hidden], .skip-link, dialog:not([open])") || getComputedStyle(el).visibility === "hidden";
    const scrolls = (v) => v === "auto" || v === "scroll";
    if (document.documentElement.scrollWidth > width) faults.push(`the page is ${document.documentElement.scrollWidth - width} px wider than the screen`);
    // What cuts a box off, or null: a frame that hides what is outside, or the screen's side, unless something between can be scrolled.
    const cut = (el, box) => {
      for (let up = el; up && up !== document.body; up = up.parentElement) {
        const look = getComputedStyle(up);
        if (look.display === "inline") continue;
        const frame = up.getBoundingClientRect();
        if (frame.left >= -1 && frame.right <= width + 1 && (scrolls(look.overflowX) || scrolls(look.overflowY))) return null;
        const cutX = look.overflowX === "hidden" && (box.left < frame.left - 2 || box.right > frame.right + 2);
        const cutY = look.overflowY === "hidden" && (box.top < frame.top - 3 || box.bottom > frame.bottom + 3);
        // A long name may end in dots where its whole is said elsewhere.
        const dots = look.textOverflow === "ellipsis" && up.closest("[title]")?.title.includes(up.textContent.trim());
        if ((cutX && !dots) || cutY) return `is cut by ${name(up)}`;
        if (cutX) box = frame;
      }
      return box.left < -1 || box.right > width + 1 ? "lies beside the screen" : null;
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const el = node.parentElement;
      if (!node.data.trim() || !el || hidden(el) || el.closest("svg, option, script, style")) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      if (box.width === 0) continue;
      const fault = cut(el, box);
      if (fault) faults.push(`"${node.data.trim().slice(0, 40)}" ${fault}`);
    }
    const modal = document.querySelector("dialog[open]");
    for (const el of (modal ?? document).querySelectorAll("button, a[href], input, select, textarea, summary")) {
      if (hidden(el) || el.disabled) continue;
      const place = el.getBoundingClientRect();
      if (place.width === 0 || place.height === 0) continue;
      const fault = cut(el.parentElement, place);
      if (fault) faults.push(`${name(el)} "${el.getAttribute("aria-label") ?? ""}" ${fault}`);
      el.scrollIntoView({ block: "center", inline: "center" });
      const box = el.getBoundingClientRect();
      const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      // A link over two lines has no middle of its own.
      if (at && (el.contains(at) || at.contains(el) || at.closest("label")?.contains(el) || el.closest("label")?.contains(at))) continue;
      if (el.getClientRects().length > 1) continue;
      faults.push(`${name(el)} "${(el.getAttribute("aria-label") ?? el.textContent ?? "").trim().slice(0, 30)}" ${at ? `lies under ${name(at)}` : "is out of reach"}`);
    }
    scrollTo(0, 0);
    return [...new Set(faults)];
  });

/** Numbers of the page that aren't in the reader's digits, and the direction; what a lab, a server or a machine wrote is left out. */
const notArabic = (page) =>
  page.evaluate(() => {
    const faults = document.documentElement.dir === "rtl" ? [] : ["the page doesn't run from right to left"];
    for (const el of document.querySelectorAll(".stat dd, .label-area, .slider output, .badge-state, .project-card .fine, .step-count")) {
      if (/[0-9]/.test(el.textContent)) faults.push(`"${el.textContent.trim().slice(0, 40)}" is not in the reader's digits`);
    }
    for (const el of document.querySelectorAll("main button, main summary, nav a, label, legend")) {
      const own = el.textContent.trim();
      if (/^[A-Za-z][a-z ]{6,}/.test(own) && !/^Hugging Face/.test(own) && !el.closest("[data-image], .label-choice, .label-strip, .project-card, table, option, .thumbs, .prose")) faults.push(`"${own.slice(0, 40)}" is not translated`);
    }
    return faults;
  });

const WAYS = {
  "text at 200 % on a desktop": { name: "text200-desktop", options: { viewport: SIZES.desktop }, text: "200%" },
  "text at 200 % on a tablet": { name: "text200-tablet", options: { viewport: SIZES.tablet, hasTouch: true }, text: "200%" },
  // Spacing as WCAG 1.4.12 asks, which is also wider than any machine's font sets it.
  "a window zoomed to 400 %, its text set wide": { name: "zoom400", options: { viewport: { width: 320, height: 640 } }, wide: true },
  "Arabic on a desktop": { name: "arabic-desktop", options: { viewport: SIZES.desktop, locale: "ar-EG" }, rtl: true },
  "Arabic on a phone": { name: "arabic-phone", options: { viewport: SIZES.phone, hasTouch: true, locale: "ar-EG" }, rtl: true },
};

for (const [title, way] of Object.entries(WAYS)) {
  describe(title, () => {
    const open = async () => {
      const opened = await openContext(browser, way.options);
      await opened.page.addInitScript(({ text, wide }) => {
        if (wide) {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync("* { letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }");
          document.adoptedStyleSheets = [sheet];
        }
        const dress = () => {
          // By the element's own style: the page's policy takes no sheet from elsewhere.
          if (text) document.documentElement.style.fontSize = text;
        };
        if (document.documentElement) dress();
        else document.addEventListener("readystatechange", dress, { once: true });
      }, way);
      return opened;
    };
    const look = async (page, faults, name) => {
      await page.locator(".loading").first().waitFor({ state: "detached" });
      await shoot(page, `${name}-${way.name}`);
      for (const fault of [...(await lost(page)), ...(way.rtl ? [...(await axe(page)), ...(await notArabic(page))] : [])]) faults.push(`${name}: ${fault}`);
    };

    it("loses nothing on a volunteer's pages", async () => {
      const { context, page } = await open();
      const faults = [];
      await visit(page, "/");
      // By their places, not by their words: these pages are walked in more than one language.
      await page.getByRole("main").locator(".button-primary").first().click();
      const agree = page.getByRole("dialog").locator(".button-primary.wide");
      await agree.waitFor();
      await look(page, faults, "consent");
      await agree.click();
      await page.waitForURL(/\/label$/);
      const begin = page.getByRole("dialog").locator(".button-primary");
      await begin.waitFor();
      await look(page, faults, "guide-dialog");
      await begin.click();
      await page.getByRole("application").waitFor();
      await look(page, faults, "label");
      const panel = page.locator(".panel-toggle");
      if (await panel.isVisible()) {
        await panel.click();
        await look(page, faults, "label-panel");
      }
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      await look(page, faults, "shortcuts");
      for (const [name, path] of await volunteerPages(page)) {
        await visit(page, path);
        await look(page, faults, name);
      }
      assert.deepEqual(faults, []);
      await context.close();
    });

    it("loses nothing on a lab's and an operator's pages", async () => {
      const { context, page } = await open();
      const faults = [];
      await logInUnseen(page, "lab");
      for (const [name, path] of await labPages(page)) {
        await visit(page, path);
        await look(page, faults, name);
      }
      await context.clearCookies();
      await logInUnseen(page, "operator");
      for (const [name, path] of operatorPages()) {
        await visit(page, path);
        await look(page, faults, name);
      }
      assert.deepEqual(faults, []);
      await context.close();
    });
  });
}

describe("what the server says", () => {
  for (const [locale, consent, wrong, letters] of [["de-DE", "Bevor es losgeht", "Die E-Mail-Adresse oder das Passwort ist falsch.", /\p{Script=Latin}/u], ["ar-EG", "قبل أن تبدأ", "عنوان البريد الإلكتروني أو كلمة المرور غير صحيحة.", /\p{Script=Arabic}/u]]) {
    it(`is said in the reader's language: ${locale}`, async () => {
      const { context, page, problems } = await openContext(browser, { viewport: SIZES.phone, locale });
      await page.goto("/");
      await page.getByRole("main").locator(".button-primary").first().click();
      const text = page.locator(".consent-text");
      await text.getByRole("heading", { name: consent }).waitFor();
      assert.match(await text.innerText(), letters);
      await shoot(page, `consent-${locale}`);
      assert.deepEqual(await axe(page), []);
      const other = page.getByRole("dialog").locator(".fine .button");
      await other.click();
      await text.getByRole("heading", { name: "Before you start" }).waitFor();
      await other.click();
      await text.getByRole("heading", { name: consent }).waitFor();
      await page.getByRole("dialog").locator(".dialog-switch .button").first().click();
      await page.locator("input[type=email]").fill("volunteer@demo.example");
      await page.locator("input[type=password]").fill("not the password");
      await page.getByRole("dialog").locator("button[type=submit]").click();
      assert.equal((await page.getByRole("dialog").locator(".notice-bad").innerText()).trim(), wrong);
      await shoot(page, `wrong-login-${locale}`);
      assert.deepEqual(problems, []);
      await context.close();
    });
  }
});

describe("names as long as they may be", () => {
  for (const [size, viewport] of Object.entries({ "quarter of a screen": { width: 320, height: 640 }, desktop: SIZES.desktop })) {
    it(`lose nothing on a ${size}`, async () => {
      const { context, page } = await openContext(browser, { viewport });
      const faults = [];
      await logIn(page, "lab");
      const { project, person } = await makeLongest(page);
      const look = async (name) => {
        await shoot(page, `${name}-longest-${viewport.width}`);
        for (const fault of await lost(page)) faults.push(`${name}: ${fault}`);
      };
      for (const [name, path] of await labPages(page, project)) {
        await visit(page, path);
        await look(name);
      }
      await context.clearCookies();
      await logInAs(page, person.email, person.password);
      for (const [name, path] of await volunteerPages(page, project)) {
        await visit(page, path);
        await look(name);
      }
      await page.goto(`/projects/${project}/label`);
      await page.getByRole("dialog").getByRole("button", { name: "Begin" }).waitFor();
      await page.locator(".loading").first().waitFor({ state: "detached" });
      await look("guide-dialog");
      await beginDrawing(page);
      await look("label");
      await context.clearCookies();
      await logIn(page, "lab");
      await archiveProject(page, project);
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
});
