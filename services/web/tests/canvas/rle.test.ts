import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitMask } from "~/lib/canvas/bitmask";
import { RleCodec } from "~/lib/canvas/codec";
import { countsOf, countsToString, decode, encode, stringToCounts } from "~/lib/canvas/rle";
import { maskArbitrary } from "./arbitrary";

interface Golden {
  name: string;
  height: number;
  width: number;
  counts: string;
  runs: number[];
  area: number;
  sha256: string;
}

// The same file that the Python codec is tested with.
const file = new URL("../../../../tests/golden/rle.json", import.meta.url);
const golden = JSON.parse(readFileSync(file, "utf8")) as Golden[];

describe("COCO run lengths, byte for byte as pycocotools", () => {
  it("has golden cases to be held to", () => {
    expect(existsSync(file)).toBe(true);
    expect(golden.length).toBeGreaterThan(10);
  });

  it.each(golden)("$name", (g) => {
    const mask = decode({ size: [g.height, g.width], counts: g.counts });
    expect(mask.count()).toBe(g.area);
    expect(countsOf(mask)).toEqual(g.runs);
    expect(encode(mask)).toEqual({ size: [g.height, g.width], counts: g.counts });
    expect(createHash("sha256").update(packed(mask)).digest("hex")).toBe(g.sha256);
  });

  it("comes back from text for any mask", () => {
    fc.assert(fc.property(maskArbitrary(), (mask) => decode(encode(mask)).equals(mask)));
  });

  it("keeps any run lengths through the text form", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30_000_000 }), { minLength: 1, maxLength: 40 }), (counts) => {
        expect(stringToCounts(countsToString(counts))).toEqual(counts);
      }),
    );
  });

  it("sums to the image and alternates from zeros", () => {
    fc.assert(
      fc.property(maskArbitrary(), (mask) => {
        const counts = countsOf(mask);
        expect(counts.reduce((a, b) => a + b, 0)).toBe(mask.width * mask.height);
        expect(counts.slice(1).every((c) => c > 0)).toBe(true);
      }),
    );
  });

  it.each([
    ["too long", { size: [2, 2], counts: countsToString([1, 5]) }],
    ["too short", { size: [2, 2], counts: countsToString([1, 1]) }],
    ["cut in a number", { size: [2, 2], counts: "o" }],
    ["not of the alphabet", { size: [2, 2], counts: " !" }],
    ["negative", { size: [2, 2], counts: "O" }],
  ] as [string, { size: [number, number]; counts: string }][])("refuses what is %s", (_, rle) => {
    expect(() => decode(rle)).toThrow(/run lengths/);
  });

  it("is the same in place and through the codec, error included", async () => {
    const codec = new RleCodec(null);
    const mask = new BitMask(70, 40);
    mask.fillSpan(3, 5, 66, true);
    const rle = await codec.encode(mask);
    expect(rle).toEqual(encode(mask));
    expect((await codec.decode(rle)).equals(mask)).toBe(true);
    await expect(codec.decode({ size: [2, 2], counts: "9" })).rejects.toThrow(/longer/);
  });
});

/** The golden file's digest is over the row-major pixels, eight to a byte, first pixel in the highest bit. */
function packed(mask: BitMask): Uint8Array {
  const bytes = mask.toBytes();
  const out = new Uint8Array(Math.ceil(bytes.length / 8));
  for (let i = 0; i < bytes.length; i++) if (bytes[i]) out[i >> 3]! |= 0x80 >> (i & 7);
  return out;
}
