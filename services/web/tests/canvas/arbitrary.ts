import fc from "fast-check";
import { BitMask } from "~/lib/canvas/bitmask";

/** Masks from single pixels to several words a row, from empty over blocks to noise. */
export function maskArbitrary(max = 70): fc.Arbitrary<BitMask> {
  return fc
    .record({
      width: fc.integer({ min: 1, max }),
      height: fc.integer({ min: 1, max: 40 }),
      spans: fc.array(fc.tuple(fc.nat(39), fc.nat(max), fc.nat(max), fc.nat(8), fc.boolean()), { maxLength: 12 }),
    })
    .map(({ width, height, spans }) => {
      const mask = new BitMask(width, height);
      for (const [y, x, length, rows, on] of spans) {
        for (let r = 0; r <= rows; r++) mask.fillSpan(y + r, x, x + length, on);
      }
      return mask;
    });
}

export function picture(...rows: string[]): BitMask {
  return BitMask.fromBytes(rows[0]!.length, rows.length, rows.join("").split("").map((c) => (c === "#" ? 1 : 0)));
}

export function show(mask: BitMask): string[] {
  return Array.from({ length: mask.height }, (_, y) => Array.from({ length: mask.width }, (_, x) => (mask.get(x, y) ? "#" : ".")).join(""));
}
