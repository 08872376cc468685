// Tools of the canvas as a person uses them: slices beside the one at work, the map, presets, scribbles, one's own keys.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SIZES, axe, becomes, beginDrawing, launch, logIn, makeProject, onScreen, openContext, painted, sendsAnswer, shoot, startAsGuest, stroke } from "./harness.mjs";

let browser;
let project;
before(async () => {
  browser = await launch();
  const { context, page } = await openContext(browser);
  await logIn(page, "lab");
  // A stack of three slices, each of another grey, so that the slice that is shown can be told.
  project = await makeProject(page, { name: `Stack ${Date.now()}`, quorum: 12, images: 3, side: 160, step: 30, group: "knee" });
  await context.close();
});
after(() => browser?.close());

async function enter(page) {
  await startAsGuest(page);
  await page.goto(`/projects/${project}/label`);
  await beginDrawing(page);
}

/** Grey value that the picture shows near its corner. */
const corner = (page) =>
  page.evaluate(() => {
    const canvas = document.querySelector(".stage-base");
    const { width, height } = canvas;
    const side = Math.min(width, height);
    return canvas.getContext("2d").getImageData(width / 2 - side * 0.45, height / 2 - side * 0.45, 1, 1).data[0];
  });
const slice = async (page) => Math.round((await corner(page)) / 30);
const bar = (page) => page.getByRole("group", { name: "Slices beside this one" });

describe("slices beside the one at work", () => {
  it("are shown in its place without being drawn on, and one's own outline is taken over from there", async () => {
    const { context, page, problems } = await openContext(browser);
    await enter(page);
    let compared = 0;
    for (let i = 0; i < 2; i++) {
      const here = await becomes(() => slice(page), (z) => z >= 1 && z <= 3, "the slice at work");
      await bar(page).waitFor();
      for (const [key, side] of [["PageUp", -1], ["PageDown", 1]]) {
        const button = bar(page).getByRole("button", { name: side < 0 ? "Compare with the slice before" : "Compare with the slice after" });
        if (here + side < 1 || here + side > 3) {
          assert.equal(await button.isDisabled(), true, `slice ${here} is an end`);
          continue;
        }
        await page.keyboard.press(key);
        await page.getByText(side < 0 ? "This is the slice before." : "This is the slice after.").waitFor();
        await becomes(() => slice(page), here + side, "the slice beside");
        const before = await painted(page);
        await stroke(page, [0.5, 0.5], [0.6, 0.5], 3);
        assert.equal(await painted(page), before, "nothing is drawn on a slice that is only looked at");
        if (compared++ === 0) {
          await shoot(page, "stack-desktop");
          assert.deepEqual(await axe(page), [], "axe while comparing");
        }
        await page.keyboard.press(side < 0 ? key : "Escape");
        await becomes(() => slice(page), here, "the slice at work");
      }
      await stroke(page, [0.45, 0.45], [0.55, 0.5], 3);
      await sendsAnswer(page);
      await page.getByRole("application").waitFor();
    }
    assert.ok(compared >= 2);
    // Of three slices two are answered: the third lies beside one of them.
    assert.equal(await painted(page), 0);
    await bar(page).getByRole("button", { name: "Copy my outline" }).waitFor();
    await shoot(page, "stack-copy-desktop");
    await page.keyboard.press("y");
    await page.waitForFunction(() => document.querySelector(".label-area")?.textContent !== "");
    await becomes(() => painted(page), (n) => n > 50, "the outline taken over");
    await page.keyboard.press("Control+z");
    await becomes(() => painted(page), 0, "the outline after one undo");
    assert.deepEqual(problems, []);
    await context.close();
  });

  it("can be compared by finger on a tablet", async () => {
    const { context, page } = await openContext(browser, { viewport: SIZES.tablet, hasTouch: true });
    await enter(page);
    const here = await becomes(() => slice(page), (z) => z >= 1 && z <= 3, "the slice at work");
    const button = bar(page).getByRole("button", { name: here > 1 ? "Compare with the slice before" : "Compare with the slice after" });
    await button.tap();
    await page.getByText("This is the slice").waitFor();
    await shoot(page, "stack-tablet");
    await button.tap();
    await page.getByText("This is the slice").waitFor({ state: "detached" });
    await becomes(() => slice(page), here, "the slice at work");
    await context.close();
  });
});

describe("the canvas", () => {
  for (const size of ["desktop", "tablet"]) {
    it(`shows a map once it is zoomed in, and a press there goes there (${size})`, async () => {
      const { context, page, problems } = await openContext(browser, { viewport: SIZES[size] });
      await enter(page);
      const map = page.locator(".stage-minimap");
      assert.equal(await map.isVisible(), false);
      await page.getByRole("application").focus();
      for (let i = 0; i < 9; i++) await page.keyboard.press("+");
      await map.waitFor();
      await shoot(page, `minimap-${size}`);
      const box = await map.boundingBox();
      // The corner of the map: what is in the middle of the stage now is dark ground, beside the frame's edge.
      await page.mouse.click(box.x + box.width * 0.5, box.y + box.height * 0.52);
      const middle = () => page.evaluate(() => {
        const c = document.querySelector(".stage-base");
        return c.getContext("2d").getImageData(c.width / 2, c.height / 2, 1, 1).data[0];
      });
      await becomes(middle, (grey) => grey > 180, "the middle, where the bright spot belongs,");
      await page.mouse.click(box.x + 3, box.y + 3);
      await becomes(middle, (grey) => grey < 100, "the middle, where the dark corner belongs,");
      assert.equal(await painted(page), 0, "a press on the map is no stroke");
      await page.keyboard.press("=");
      await map.waitFor({ state: "hidden" });
      assert.deepEqual(problems, []);
      await context.close();
    });
  }

  it("has brightness presets, by press and by key", async () => {
    const { context, page } = await openContext(browser);
    await enter(page);
    const box = await page.getByRole("application").boundingBox();
    const side = Math.min(box.width, box.height);
    // As it is on the screen: the brightness is a filter over the canvas, which holds the stored values.
    const shown = () => onScreen(page, box.x + box.width / 2 - side * 0.45, box.y + box.height / 2 - side * 0.45);
    const plain = await shown();
    assert.ok(Math.abs(plain - (await corner(page))) <= 1, "without a preset the stored values are shown");
    const presets = page.getByRole("group", { name: "Next brightness preset" });
    assert.equal(await presets.getByRole("button", { name: "Full range" }).getAttribute("aria-pressed"), "true");
    await presets.getByRole("button", { name: "Dark parts" }).click();
    await becomes(shown, (grey) => grey > plain + 20, "the corner's grey with the dark parts spread");
    await page.getByRole("button", { name: "Reset" }).click();
    await becomes(shown, plain, "the corner's grey");
    await page.keyboard.press("i");
    await becomes(shown, (grey) => Math.abs(grey - (255 - plain)) <= 1, "the corner's grey inverted");
    await page.keyboard.press("i");
    await becomes(shown, plain, "the corner's grey again");
    await page.keyboard.press("q");
    await becomes(() => presets.getByRole("button", { name: "Full range" }).getAttribute("aria-pressed"), "false", "the preset's state");
    await page.keyboard.press("i");
    await shoot(page, "presets-desktop");
    await context.close();
  });

  it("asks by scribble, says not this by finger, and takes each mark back", async () => {
    const { context, page } = await openContext(browser, { viewport: SIZES.tablet, hasTouch: true });
    page.setDefaultTimeout(60_000);
    await enter(page);
    const prompts = [];
    await page.exposeFunction("heard", (p) => prompts.push(p));
    await page.evaluate(() => {
      const send = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (message, ...rest) {
        if (message.kind === "segment") globalThis.heard({ points: message.prompt.points, scribbles: message.prompt.scribbles });
        return send.call(this, message, ...rest);
      };
    });
    await page.route("**/segment", (route) => {
      prompts.push(JSON.parse(route.request().postData()));
      return route.continue();
    });
    await page.keyboard.press("g");
    await stroke(page, [0.42, 0.5], [0.55, 0.52]);
    const add = page.getByRole("button", { name: "Add", exact: true });
    await add.waitFor();
    // A pointer that rests asks for a preview by a point alone: those aren't meant.
    const asked = () => prompts.filter((p) => p.scribbles?.length).at(-1)?.scribbles.map((s) => s.is_positive) ?? [];
    assert.deepEqual(asked(), [true]);
    await page.getByRole("radio", { name: "Not this", exact: true }).check();
    await stroke(page, [0.2, 0.3], [0.2, 0.6]);
    await becomes(asked, [true, false], "what is asked");
    await add.waitFor();
    await shoot(page, "scribble-tablet");
    assert.deepEqual(await axe(page), [], "axe with marks");
    await page.keyboard.press("Control+z");
    await becomes(asked, [true], "what is asked after an undo");
    await add.waitFor();
    await add.click();
    await becomes(() => painted(page), (n) => n > 20, "the painted area");
    await context.close();
  });

  it("erases with the pen's barrel button, and a key that was chosen anew stays", async () => {
    const { context, page } = await openContext(browser);
    await enter(page);
    await stroke(page, [0.4, 0.5], [0.6, 0.5]);
    const drawn = await painted(page);
    const send = (type, x, init) =>
      page.getByRole("application").evaluate((el, [t, px, more]) => {
        const b = el.getBoundingClientRect();
        el.dispatchEvent(new PointerEvent(t, { bubbles: true, cancelable: true, clientX: b.left + px * b.width, clientY: b.top + 0.5 * b.height, pointerId: 81, pointerType: "pen", isPrimary: true, ...more }));
      }, [type, x, init]);
    await send("pointerdown", 0.45, { button: 2, buttons: 3 });
    await send("pointermove", 0.55, { buttons: 3 });
    await send("pointerup", 0.55, { button: 2, buttons: 0 });
    await becomes(() => painted(page), (n) => n < drawn, "the painted area, which the barrel button erases while the brush is chosen,");
    await page.keyboard.press("?");
    await page.getByRole("button", { name: "Change the key for Eraser:" }).click();
    await page.keyboard.press("j");
    await page.keyboard.press("Escape");
    await page.reload();
    await page.getByRole("application").waitFor();
    await page.keyboard.press("j");
    await becomes(() => page.getByRole("button", { name: "Eraser", exact: true }).getAttribute("aria-pressed"), "true", "the eraser's state");
    await context.close();
  });
});
