// How a page looks, as a small grey picture: what is compared with the references, and how. See services/web/README.md.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { boxFont } from "./boxfont.mjs";

export const REFERENCES = fileURLToPath(new URL("references/", import.meta.url));
const OUT = process.env.BRAMBLE_LOOKS_OUT ?? fileURLToPath(new URL("../../../out/looks/", import.meta.url));
export const RENEW = process.env.BRAMBLE_LOOKS === "renew";
/** A place of the small picture stands for so many CSS pixels squared. */
const PLACE = 10;
/** Two greys of 0 to 255 this far apart are two: the darkest button on its card is 9 apart, a sharp edge's noise 2. */
const APART = 7;
/** As many places in ten thousand may differ: a checkbox, the end of an arrow. The smallest button is four times that on a desktop. */
const MAY_DIFFER = 10;

/** Letters lie where they are computed to lie, and not where a machine's settings for its screen would round them to. */
export const SWITCHES = ["--font-render-hinting=none", "--disable-lcd-text", "--force-color-profile=srgb"];

/** What no two runs have alike: images, the drawing, times, numbers of people and things; it keeps its room but isn't seen. */
const SHEET = `
* { font-family: "Bramble Blocks" !important; text-rendering: geometricPrecision !important; caret-color: transparent !important; }
canvas, .thumbs img, .review-queue img, .picture { visibility: hidden !important; }
time.when { display: inline-block; width: 9rem; overflow: hidden; visibility: hidden; white-space: nowrap; }
code { display: inline-block; width: 7rem; overflow: hidden; visibility: hidden; white-space: nowrap; }
.stage-banner, .stack-bar, .label-area { display: none !important; }
`;

/** Makes every page of a context dress in blocks for letters and hide what changes. The policy of the pages allows no foreign sheet, but this. */
export async function dress(context) {
  await context.addInitScript(({ sheet, font }) => {
    const made = new CSSStyleSheet();
    made.replaceSync(sheet);
    document.adoptedStyleSheets = [made];
    const face = new FontFace("Bramble Blocks", Uint8Array.from(atob(font), (c) => c.charCodeAt(0)).buffer, { weight: "100 900", style: "normal" });
    globalThis.dressed = face.load().then(() => void document.fonts.add(face));
  }, { sheet: SHEET, font: boxFont().toString("base64") });
}

/** Greys of a screenshot, averaged over its places: {width, height, greys}. `desk` is a page of no site, to work on pictures. */
const shrink = (desk, png, place) =>
  desk.evaluate(async ({ base64, place }) => {
    const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]));
    const [width, height] = [Math.floor(picture.width / place), Math.floor(picture.height / place)];
    const ctx = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    ctx.drawImage(picture, 0, 0);
    const { data } = ctx.getImageData(0, 0, picture.width, picture.height);
    const greys = Array(width * height).fill(0);
    for (let y = 0; y < height * place; y++)
      for (let x = 0; x < width * place; x++) {
        const i = 4 * (y * picture.width + x);
        greys[Math.floor(y / place) * width + Math.floor(x / place)] += (0.3 * data[i] + 0.59 * data[i + 1] + 0.11 * data[i + 2]) / (place * place);
      }
    return { width, height, greys: greys.map(Math.round) };
  }, { base64: png.toString("base64"), place });

/** A picture of greys as PNG, with the places in `red` marked, each `scale` pixels wide. */
const draw = (desk, look, red = [], scale = 1) =>
  desk.evaluate(async ({ look: { width, height, greys }, red, scale }) => {
    const canvas = new OffscreenCanvas(width * scale, height * scale);
    const ctx = canvas.getContext("2d");
    const marked = new Set(red);
    greys.forEach((g, i) => {
      ctx.fillStyle = marked.has(i) ? `rgb(255, ${g}, ${g})` : `rgb(${g}, ${g}, ${g})`;
      ctx.fillRect((i % width) * scale, Math.floor(i / width) * scale, scale, scale);
    });
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
    return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
  }, { look, red, scale }).then((text) => Buffer.from(text, "base64"));

/**
 * The places where two pictures differ: where one has a grey that the other has nowhere within one place around. So a thing may move by up
 * to ten pixels (another browser's idea of a control's height), and nothing may come, go, or move farther. All of them where the sizes differ.
 */
export function differences(a, b) {
  if (a.width !== b.width || a.height !== b.height) return a.greys.map((_, i) => i);
  const found = [];
  const near = (grey, other, x, y) => {
    for (let v = Math.max(0, y - 1); v <= Math.min(other.height - 1, y + 1); v++) for (let u = Math.max(0, x - 1); u <= Math.min(other.width - 1, x + 1); u++) if (Math.abs(grey - other.greys[v * other.width + u]) <= APART) return true;
    return false;
  };
  for (let y = 0; y < a.height; y++)
    for (let x = 0; x < a.width; x++) {
      const i = y * a.width + x;
      if (!near(a.greys[i], b, x, y) || !near(b.greys[i], a, x, y)) found.push(i);
    }
  return found;
}

/** Compares the page with its reference. Answers null, or what is wrong and where the pictures lie; renews the reference where that was asked for. */
export async function look(page, desk, name) {
  await page.evaluate(async () => {
    await globalThis.dressed;
    await document.fonts.ready;
    scrollTo(0, 0);
  });
  const png = await page.screenshot({ animations: "disabled" });
  const now = await shrink(desk, png, PLACE);
  const file = join(REFERENCES, `${name}.png`);
  if (RENEW) {
    mkdirSync(REFERENCES, { recursive: true });
    // One that is as good as before stays: a renewal then shows in the history what really looks different.
    if (!existsSync(file) || tooMany(differences(await shrink(desk, readFileSync(file), 1), now), now)) writeFileSync(file, await draw(desk, now));
    return null;
  }
  if (!existsSync(file)) return `${name} has no reference yet; see “Looks” in services/web/README.md`;
  const red = differences(await shrink(desk, readFileSync(file), 1), now);
  if (!tooMany(red, now)) return null;
  mkdirSync(OUT, { recursive: true });
  writeFileSync(join(OUT, `${name}.now.png`), png);
  writeFileSync(join(OUT, `${name}.differs.png`), await draw(desk, now, red, 6));
  writeFileSync(join(OUT, `${name}.reference.png`), await draw(desk, await shrink(desk, readFileSync(file), 1), [], 6));
  return `${name} looks different in ${red.length} of ${now.greys.length} places; see ${join(OUT, name)}.{reference,now,differs}.png`;
}

const tooMany = (places, { greys }) => places.length > (greys.length * MAY_DIFFER) / 10_000;
