import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitMask } from "~/lib/canvas/bitmask";
import { compare } from "~/lib/feedback/compare";

const SIZE = 48;

function draw(...shapes: ((x: number, y: number) => boolean)[]): BitMask {
  const mask = new BitMask(SIZE, SIZE);
  for (let y = 0; y < SIZE; y++) for (let x = 0; x < SIZE; x++) if (shapes.some((s) => s(x, y))) mask.set(x, y, true);
  return mask;
}
const disc = (cx: number, cy: number, r: number) => (x: number, y: number) => (x - cx) ** 2 + (y - cy) ** 2 < r * r;
const box = (x0: number, y0: number, x1: number, y1: number) => (x: number, y: number) => x >= x0 && x < x1 && y >= y0 && y < y1;

/** Mean symmetric surface distance by trying every pair: slow and plain. */
function plain(a: BitMask, b: BitMask, row = 1, column = 1): number | null {
  const edge = (m: BitMask): [number, number][] => {
    const out: [number, number][] = [];
    const at = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < m.width && y < m.height && m.get(x, y);
    for (let y = 0; y < m.height; y++) for (let x = 0; x < m.width; x++) if (at(x, y) && !(at(x - 1, y) && at(x + 1, y) && at(x, y - 1) && at(x, y + 1))) out.push([x, y]);
    return out;
  };
  const [ea, eb] = [edge(a), edge(b)];
  if (ea.length === 0 || eb.length === 0) return null;
  const nearest = (p: [number, number], to: [number, number][]): number => Math.min(...to.map((q) => Math.hypot((p[0] - q[0]) * column, (p[1] - q[1]) * row)));
  return [...ea.map((p) => nearest(p, eb)), ...eb.map((p) => nearest(p, ea))].reduce((s, d) => s + d, 0) / (ea.length + eb.length);
}

const arbitrary = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })), { maxLength: 4 }).map((boxes) => {
  const mask = new BitMask(24, 24);
  for (const [x, y, w, h] of boxes) for (let j = y; j < Math.min(24, y + h); j++) mask.fillSpan(j, x, x + w, true);
  return mask;
});

describe("compare", () => {
  it("counts pixels and measures between outlines as the plain way does", () => {
    fc.assert(
      fc.property(arbitrary, arbitrary, fc.double({ min: 0.2, max: 4, noNaN: true }), fc.double({ min: 0.2, max: 4, noNaN: true }), (mine, reference, row, column) => {
        const c = compare(mine, reference, [row, column]);
        let both = 0;
        for (let y = 0; y < 24; y++) for (let x = 0; x < 24; x++) if (mine.get(x, y) && reference.get(x, y)) both++;
        expect(c.missed).toBe(reference.count() - both);
        expect(c.extra).toBe(mine.count() - both);
        const total = mine.count() + reference.count();
        expect(c.dice).toBeCloseTo(total === 0 ? 1 : (2 * both) / total, 12);
        const [px, mm] = [plain(mine, reference), plain(mine, reference, row, column)];
        if (px === null) expect([c.boundaryPx, c.boundaryMm]).toEqual([null, null]);
        else {
          expect(c.boundaryPx).toBeCloseTo(px, 9);
          expect(c.boundaryMm).toBeCloseTo(mm!, 9);
        }
      }),
    );
  });

  it("says which edge was missed, and which was overdrawn", () => {
    const whole = draw(box(10, 10, 38, 38));
    const cases: [string, BitMask][] = [
      ["bottom", draw(box(10, 10, 38, 28))],
      ["top", draw(box(10, 20, 38, 38))],
      ["left", draw(box(20, 10, 38, 38))],
      ["right", draw(box(10, 10, 28, 38))],
      ["bottomRight", draw(box(10, 10, 29, 29))],
      ["around", draw(box(15, 15, 33, 33))],
    ];
    for (const [where, part] of cases) {
      expect(compare(part, whole)).toMatchObject({ missedAt: where, extraAt: null });
      if (where !== "bottomRight") expect(compare(whole, part).extraAt).toBe(where);
    }
  });

  it("does not speak of the thickness of a pen, nor of nothing", () => {
    const c = compare(draw(disc(24, 24, 14)), draw(disc(24, 24, 14.1)));
    expect(c).toMatchObject({ missedAt: null, extraAt: null, partMissed: null });
    expect(compare(new BitMask(8, 8), new BitMask(8, 8))).toMatchObject({ dice: 1, boundaryPx: null, missedAt: null });
  });

  it("names a part that was not touched at all", () => {
    const two = draw(disc(12, 24, 7), disc(37, 24, 6));
    expect(compare(draw(disc(12, 24, 7)), two).partMissed).toBe("right");
    expect(compare(draw(disc(12, 24, 7), disc(37, 24, 3)), two).partMissed).toBeNull();
    expect(compare(new BitMask(SIZE, SIZE), two).partMissed).toBeNull();
    expect(compare(draw(disc(12, 40, 2)), two).partMissed, "nothing was hit: that is another message").toBeNull();
  });

  it("measures a shift as the shift, also on a frame too large to be compared pixel by pixel", () => {
    const n = 2600;
    const [a, b] = [new BitMask(n, n), new BitMask(n, n)];
    for (let y = 200; y < 2400; y++) {
      a.fillSpan(y, 200, 2400, true);
      b.fillSpan(y, 240, 2440, true);
    }
    const { boundaryPx, dice } = compare(a, b);
    expect(dice).toBeCloseTo(2160 / 2200, 6);
    // Two of four sides moved by 40; where the other two overlap the distance is 0.
    expect(boundaryPx!).toBeGreaterThan(18);
    expect(boundaryPx!).toBeLessThan(24);
  });
});
