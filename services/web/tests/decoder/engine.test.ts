// The port of the engine's parts, against the Python originals (tools/make_segment_golden.py).
import { describe, expect, it } from "vitest";
import { checked, clicks } from "~/lib/decoder/engine/prompt";
import { depthAt, regions } from "~/lib/decoder/engine/regions";
import { solve } from "~/lib/decoder/engine/walker";
import { Window, cut, paste, resample, round, view } from "~/lib/decoder/engine/windows";
import { bytes, floats, golden } from "./golden";

const worst = (a: Float32Array, b: Float32Array): number => a.reduce((w, v, i) => Math.max(w, Math.abs(v - b[i]!)), 0);
const { parts } = golden;
const [height, width] = parts.frame.shape as [number, number];

describe("windows", () => {
  const frame = { width, height, data: bytes(parts.frame) };
  const mask = { width, height, data: bytes(parts.mask) };
  const plane = { size: 24, data: floats(parts.plane) };

  it.each(parts.windows)("cuts, resamples and pastes as Pillow does: $window", (row) => {
    const window = new Window(row.window.x0, row.window.y0, row.window.side);
    const other = new Window(row.other.x0, row.other.y0, row.other.side);
    expect(worst(view(frame, window, 32), floats(row.view))).toBe(0); // bytes: exact
    expect(worst(cut(mask, window, 32).data, floats(row.cut))).toBe(0);
    expect(worst(resample(plane, window, other, 24).data, floats(row.resample))).toBeLessThan(1e-6);
    const out = new Float32Array(width * height);
    paste(out, width, height, plane, window);
    expect(worst(out, floats(row.paste))).toBeLessThan(1e-6);
  });

  it("rounds halves to even, as Python does", () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, -2.6].map(round)).toEqual([0, 2, 2, -0, -2, -2, 2, -3]);
  });
});

describe("random walker", () => {
  it("solves to the same probabilities", () => {
    const { image, prior, gamma, out } = parts.walk;
    const positive = new Uint8Array(576);
    const negative = new Uint8Array(576).fill(1, 0, 24);
    for (const p of [200, 201, 224, 225]) positive[p] = 1;
    const found = solve({ image: floats(image), size: 24, prior: floats(prior), gamma: floats(gamma), positive, negative, beta: 1.5, iterations: 80 });
    expect(worst(found, floats(out))).toBeLessThan(2e-4);
  });

  it("keeps the seeds, and the prior where there are none", () => {
    const none = new Uint8Array(64);
    const flat = { image: new Float32Array(192), size: 8, gamma: 0.5, beta: 1, iterations: 50 };
    const prior = new Float32Array(64).fill(0.3);
    expect(worst(solve({ ...flat, prior, positive: none, negative: none }), prior)).toBeLessThan(1e-3);
    const positive = none.slice().fill(1, 0, 8);
    const found = solve({ ...flat, prior, positive, negative: none });
    expect(found[3]).toBe(1);
    expect(found[60]).toBeLessThan(found[12]!);
  });
});

describe("regions", () => {
  it("joins by sides, not by corners", () => {
    // prettier-ignore
    const mask = Uint8Array.from([
      1, 0, 1,
      1, 0, 1,
      1, 1, 1,
      0, 0, 0,
      1, 0, 0,
    ]);
    const { labels, count } = regions(mask, 3, 5);
    expect(count).toBe(2);
    expect(labels[0]).toBe(labels[2]);
    expect(labels[12]).not.toBe(labels[0]);
    expect(regions(Uint8Array.from([1, 0, 0, 1]), 2, 2).count).toBe(2);
    expect(regions(new Uint8Array(4), 2, 2).count).toBe(0);
  });

  it("measures depth to the nearest hole or border", () => {
    const mask = new Uint8Array(25).fill(1);
    expect(depthAt(mask, 5, 2, 2)).toBe(3);
    mask[6] = 0;
    expect(depthAt(mask, 5, 2, 2)).toBeCloseTo(Math.SQRT2);
    expect(depthAt(mask, 5, 1, 1)).toBe(0);
  });
});

describe("prompts", () => {
  const empty = { points: [], box: null, scribbles: [], mask: null };
  const point = (x: number, y: number) => ({ x, y, positive: true });

  it("refuses what the server refuses", () => {
    expect(checked(empty, 10, 10)).toBeNull();
    expect(checked({ ...empty, points: [point(NaN, 1)] }, 10, 10)).toBeNull();
    expect(checked({ ...empty, points: [point(11, 1)] }, 10, 10)).toBeNull();
    expect(checked({ ...empty, points: Array.from({ length: 501 }, () => point(1, 1)) }, 10, 10)).toBeNull();
    expect(checked({ ...empty, box: [3, 3, 3, 9] }, 10, 10)).toBeNull();
    expect(checked({ ...empty, box: [20, 3, 30, 9] }, 10, 10)).toBeNull();
    expect(checked({ ...empty, mask: { width: 9, height: 10, data: new Uint8Array(90).fill(1) } }, 10, 10)).toBeNull();
    expect(checked({ ...empty, scribbles: [{ points: [], positive: true }], points: [point(1, 1)] }, 10, 10)).toBeNull();
  });

  it("clips a box and takes a point on the border", () => {
    expect(checked({ ...empty, box: [-5, 2, 40, 8] }, 10, 10)?.box).toEqual([0, 2, 10, 8]);
    expect(checked({ ...empty, points: [point(10, 10)] }, 10, 10)?.points).toHaveLength(1);
  });

  it("samples a stroke at most every two pixels", () => {
    const found = clicks({ ...empty, scribbles: [{ points: [[0, 0], [10, 0]], positive: true }] });
    expect(found).toHaveLength(5);
    expect(found.map((c) => c.x)).toEqual([0, 2.5, 5, 7.5, 10]);
  });
});
