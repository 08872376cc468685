import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitMask } from "~/lib/canvas/bitmask";
import { parseColour, rasterise } from "~/lib/canvas/tiles";
import { clampView, fit, pinch, toFrame, toScreen, zoomAt } from "~/lib/canvas/view";
import { PLAIN, autoWindow, isPlain, lookup } from "~/lib/canvas/window";
import { maskArbitrary } from "./arbitrary";

const num = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const view = fc.record({ scale: num(0.05, 40), x: num(-900, 900), y: num(-900, 900) });
const point = fc.record({ x: num(0, 900), y: num(0, 900) });

describe("view", () => {
  it("goes to the frame and back", () => {
    fc.assert(
      fc.property(view, point, (v, p) => {
        const q = toScreen(v, toFrame(v, p));
        expect(q.x).toBeCloseTo(p.x, 4);
        expect(q.y).toBeCloseTo(p.y, 4);
      }),
    );
  });

  it("zooms around the point under the cursor", () => {
    fc.assert(
      fc.property(view, point, num(0.5, 2), (v, p, k) => {
        const before = toFrame(v, p);
        const after = toFrame(zoomAt(v, k, p, 0.01), p);
        expect(Math.abs(after.x - before.x)).toBeLessThan(1e-3 * (1 + Math.abs(before.x)));
      }),
    );
  });

  it("follows two fingers", () => {
    const v = { scale: 2, x: 10, y: 20 };
    const from = [{ x: 100, y: 100 }, { x: 200, y: 100 }] as const;
    const to = [{ x: 90, y: 140 }, { x: 290, y: 140 }] as const;
    const w = pinch(v, from, to, 0.1);
    for (const i of [0, 1] as const) {
      const a = toFrame(v, from[i]);
      const b = toFrame(w, to[i]);
      expect(b.x).toBeCloseTo(a.x);
      expect(b.y).toBeCloseTo(a.y);
    }
  });

  it("fits a frame in and never loses it", () => {
    const stage = { width: 400, height: 300 };
    const v = fit({ width: 1000, height: 500 }, stage);
    expect(v.scale * 1000).toBeLessThanOrEqual(400);
    const lost = clampView({ scale: 1, x: 5000, y: -5000 }, { width: 100, height: 100 }, stage);
    expect(lost.x).toBeLessThan(400);
    expect(lost.y + 100).toBeGreaterThan(0);
  });
});

describe("display", () => {
  it("shows plain values as they are", () => {
    expect(isPlain(PLAIN)).toBe(true);
    expect(Array.from(lookup(PLAIN))).toEqual(Array.from({ length: 256 }, (_, i) => i));
    expect(lookup({ ...PLAIN, invert: true })[0]).toBe(255);
  });

  it("rises, whatever window and gamma", () => {
    fc.assert(
      fc.property(num(0, 255), num(1, 400), num(0.2, 4), (level, width, gamma) => {
        const t = lookup({ level, width, gamma, invert: false });
        expect(t.every((v, i) => i === 0 || v >= t[i - 1]!)).toBe(true);
      }),
    );
  });

  it("finds the range of what is not background", () => {
    const grey = new Uint8Array(1000);
    for (let i = 0; i < 500; i++) grey[i] = 100 + (i % 50);
    const { level, width } = autoWindow(grey);
    expect(level).toBeGreaterThan(115);
    expect(level).toBeLessThan(135);
    expect(width).toBeLessThan(60);
    expect(autoWindow(new Uint8Array(10)).width).toBe(255);
  });
});

describe("pictures of a layer", () => {
  it("colour the area, make the edge opaque, leave the rest clear", () => {
    fc.assert(
      fc.property(maskArbitrary(), fc.boolean(), (mask, outlineOnly) => {
        const rect = { x0: 0, y0: 0, x1: mask.width, y1: mask.height };
        const out = new Uint8ClampedArray(mask.width * mask.height * 4).fill(7);
        const painted = rasterise(mask, rect, { colour: parseColour("#123456"), opacity: 0.4, outlineOnly }, out);
        expect(painted).toBe(!mask.isEmpty());
        const wrong: string[] = [];
        for (let y = 0; y < mask.height; y++) {
          for (let x = 0; x < mask.width; x++) {
            const inner = mask.get(x - 1, y) && mask.get(x + 1, y) && mask.get(x, y - 1) && mask.get(x, y + 1);
            const alpha = !mask.get(x, y) ? 0 : inner ? (outlineOnly ? 0 : 102) : 255;
            if (out[(y * mask.width + x) * 4 + 3] !== alpha) wrong.push(`${x}, ${y}`);
          }
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it("draw a part as they draw the whole", () => {
    const mask = new BitMask(100, 20);
    for (let y = 3; y < 17; y++) mask.fillSpan(y, 20 + y, 90 - y, true);
    const style = { colour: parseColour("#ff8800"), opacity: 0.5, outlineOnly: false };
    const whole = new Uint8ClampedArray(100 * 20 * 4);
    rasterise(mask, { x0: 0, y0: 0, x1: 100, y1: 20 }, style, whole);
    const rect = { x0: 29, y0: 4, x1: 70, y1: 15 };
    const part = new Uint8ClampedArray(41 * 11 * 4);
    rasterise(mask, rect, style, part);
    for (let y = 0; y < 11; y++) {
      const o = ((y + 4) * 100 + 29) * 4;
      expect(part.slice(y * 41 * 4, (y + 1) * 41 * 4)).toEqual(whole.slice(o, o + 41 * 4));
    }
  });
});
