import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitMask } from "~/lib/canvas/bitmask";
import { fillHoles, keepLargest, smooth } from "~/lib/canvas/morphology";
import { runsOf } from "~/lib/canvas/runs";
import { maskArbitrary, show } from "./arbitrary";

/** Noise has the most and smallest parts, and runs that begin and end at every bit of a word. */
const noise = fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 12 }), fc.double({ min: 0.2, max: 0.95, noNaN: true }), fc.integer()).map(([width, height, share, seed]) => {
  const mask = new BitMask(width, height);
  let state = seed | 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      state = (Math.imul(state, 1103515245) + 12345) | 0;
      mask.set(x, y, ((state >>> 8) & 0xffff) / 0x10000 < share);
    }
  }
  return mask;
});
const masks = fc.oneof(maskArbitrary(100), noise);

type Place = readonly [number, number];

/** The slow way, pixel by pixel: the places that belong together with (x, y). */
function region(mask: BitMask, x: number, y: number, near: readonly Place[], seen: Set<string>): Place[] {
  const value = mask.get(x, y);
  const found: Place[] = [[x, y]];
  seen.add(`${x},${y}`);
  for (let i = 0; i < found.length; i++) {
    for (const [dx, dy] of near) {
      const [px, py] = [found[i]![0] + dx, found[i]![1] + dy];
      if (px < 0 || py < 0 || px >= mask.width || py >= mask.height || seen.has(`${px},${py}`) || mask.get(px, py) !== value) continue;
      seen.add(`${px},${py}`);
      found.push([px, py]);
    }
  }
  return found;
}

const FOUR: readonly Place[] = [[1, 0], [-1, 0], [0, 1], [0, -1]];
const EIGHT: readonly Place[] = [...FOUR, [1, 1], [1, -1], [-1, 1], [-1, -1]];

function regions(mask: BitMask, value: boolean, near: readonly Place[]): Place[][] {
  const seen = new Set<string>();
  const all: Place[][] = [];
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) if (mask.get(x, y) === value && !seen.has(`${x},${y}`)) all.push(region(mask, x, y, near, seen));
  }
  return all;
}

function expectSame(mask: BitMask, change: (m: BitMask) => void, wanted: (before: BitMask, x: number, y: number) => boolean): void {
  const before = mask.clone();
  change(mask);
  const right = new BitMask(mask.width, mask.height);
  for (let y = 0; y < mask.height; y++) for (let x = 0; x < mask.width; x++) right.set(x, y, wanted(before, x, y));
  expect(show(mask)).toEqual(show(right));
  expect(mask.equals(right), "the bits behind the last column are zero").toBe(true);
}

describe("shape tools do what the slow way does", () => {
  it("fill holes", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const holes = new Set(
          regions(mask, false, FOUR)
            .filter((part) => part.every(([x, y]) => x > 0 && y > 0 && x < mask.width - 1 && y < mask.height - 1))
            .flat()
            .map(String),
        );
        expectSame(mask, fillHoles, (before, x, y) => before.get(x, y) || holes.has(`${x},${y}`));
      }),
      { numRuns: 300 },
    );
  });

  it("keep the largest part, of equal ones the first", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const parts = regions(mask, true, EIGHT);
        const most = Math.max(0, ...parts.map((p) => p.length));
        const kept = new Set((parts.find((p) => p.length === most) ?? []).map(String));
        expectSame(mask, keepLargest, (_, x, y) => kept.has(`${x},${y}`));
      }),
      { numRuns: 300 },
    );
  });

  it("smooth by the majority of five by five", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        expectSame(mask, smooth, (before, x, y) => {
          let n = 0;
          for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) if (before.get(x + dx, y + dy)) n++;
          return n > 12;
        });
      }),
      { numRuns: 300 },
    );
  });

  it("find the runs of any rectangle", () => {
    fc.assert(
      fc.property(masks, fc.nat(99), fc.nat(39), fc.nat(99), fc.nat(39), fc.boolean(), (mask, ax, ay, w, h, value) => {
        const x0 = ax % mask.width;
        const y0 = ay % mask.height;
        const rect = { x0, y0, x1: Math.min(mask.width, x0 + 1 + w), y1: Math.min(mask.height, y0 + 1 + h) };
        const runs = runsOf(mask, rect, value);
        for (let y = rect.y0; y < rect.y1; y++) {
          const row: boolean[] = Array.from({ length: rect.x1 - rect.x0 }, () => false);
          for (let i = runs.rows[y - rect.y0]!; i < runs.rows[y - rect.y0 + 1]!; i++) row.fill(true, runs.from[i]! - rect.x0, runs.to[i]! - rect.x0);
          expect(row).toEqual(row.map((_, k) => mask.get(rect.x0 + k, y) === value));
        }
      }),
      { numRuns: 500 },
    );
  });
});
