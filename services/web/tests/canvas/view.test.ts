import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitMask } from "~/lib/canvas/bitmask";
import { parseColour, rasterise } from "~/lib/canvas/tiles";
import { centreOn, clampView, fit, fromMinimap, minimapSize, pinch, toFrame, toMinimap, toScreen, zoomAt } from "~/lib/canvas/view";
import { PLAIN, PRESETS, autoWindow, isPlain, lookup, nextPreset, preset, presetOf } from "~/lib/canvas/window";
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
        rasterise(mask, rect, { colour: parseColour("#123456"), opacity: 0.4, outlineOnly }, out);
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

describe("the map of the frame", () => {
  const size = fc.record({ width: fc.integer({ min: 1, max: 5000 }), height: fc.integer({ min: 1, max: 5000 }) });
  it("shows a part where it lies, and a press there centres the stage on it", () => {
    fc.assert(
      fc.property(size, num(0, 0.9), num(0, 0.9), num(0.05, 1), num(0.05, 1), view, (frame, fx, fy, fw, fh, v) => {
        const map = minimapSize(frame, 148);
        expect(Math.max(map.width, map.height)).toBeCloseTo(148, 6);
        expect(Math.min(map.width, map.height)).toBeGreaterThanOrEqual(37);
        const part = { x0: fx * frame.width, y0: fy * frame.height, x1: Math.min(frame.width, (fx + fw) * frame.width), y1: Math.min(frame.height, (fy + fh) * frame.height) };
        const seen = toMinimap(part, frame, map);
        for (const v of [seen.x0, seen.y0]) expect(v).toBeGreaterThanOrEqual(0);
        expect(seen.x1).toBeLessThanOrEqual(map.width);
        expect(seen.y1).toBeLessThanOrEqual(map.height);
        expect(Math.min(seen.x1 - seen.x0, seen.y1 - seen.y0)).toBeGreaterThanOrEqual(3 - 1e-9);
        const corner = fromMinimap({ x: (part.x0 / frame.width) * map.width, y: (part.y0 / frame.height) * map.height }, frame, map);
        expect(corner.x).toBeCloseTo(part.x0, 4);
        expect(corner.y).toBeCloseTo(part.y0, 4);
        const stage = { width: 640, height: 480 };
        const middle = toFrame(centreOn(v, corner, stage), { x: 320, y: 240 });
        expect(middle.x).toBeCloseTo(corner.x, 3);
        expect(middle.y).toBeCloseTo(corner.y, 3);
      }),
    );
  });

  it("stays on the frame while it is dragged beside the map", () => {
    const map = { width: 148, height: 100 };
    expect(fromMinimap({ x: -50, y: 900 }, { width: 1000, height: 800 }, map)).toEqual({ x: 0, y: 800 });
  });
});

describe("brightness presets", () => {
  const grey = fc.uint8Array({ minLength: 1, maxLength: 600 });
  it("are ranges inside of the grey values, in order from dark to bright", () => {
    fc.assert(
      fc.property(grey, (data) => {
        for (const name of PRESETS) {
          const r = preset(name, data);
          expect(r.level).toBeGreaterThanOrEqual(0);
          expect(r.level).toBeLessThanOrEqual(255);
          expect(r.width).toBeGreaterThanOrEqual(8);
        }
        if (data.some((v) => v > 0)) expect(preset("dark", data).level).toBeLessThanOrEqual(preset("bright", data).level);
      }),
    );
  });

  it("leave out the other half of a ramp", () => {
    const ramp = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(preset("dark", ramp)).toEqual({ level: 64.5, width: 127 });
    expect(preset("bright", ramp).level).toBeGreaterThan(190);
    expect(preset("auto", new Uint8Array(50))).toEqual({ level: PLAIN.level, width: PLAIN.width });
  });

  it("come round with one key, each time with another look, also on a flat frame", () => {
    fc.assert(
      fc.property(grey, fc.integer({ min: 0, max: 255 }), (data, level) => {
        let display = { ...PLAIN, level, width: 77 };
        const seen = new Set<string>();
        for (let k = 0; k < PRESETS.length; k++) {
          const name = nextPreset(display, data);
          const next = { ...display, ...preset(name, data) };
          if (next.level === display.level && next.width === display.width) expect(new Set(PRESETS.map((p) => JSON.stringify(preset(p, data)))).size).toBe(1);
          expect(presetOf(next, data)).not.toBeNull();
          display = next;
          seen.add(name);
        }
        expect(presetOf({ ...PLAIN, level: 3.25, width: 9.5 }, data)).toBeNull();
      }),
    );
  });
});
