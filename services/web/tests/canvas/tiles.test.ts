import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { BitMask } from "~/lib/canvas/bitmask";
import { LayerTiles, TILE, parseColour, rasterise } from "~/lib/canvas/tiles";

/** As much of a canvas as the tiles use: pixels that are put in, and drawn elsewhere. */
class Sheet {
  readonly pixels: Uint32Array;
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Uint32Array(width * height);
  }
  getContext() {
    return this;
  }
  putImageData(image: { width: number; height: number; data: Uint8ClampedArray }, x: number, y: number) {
    this.place(new Uint32Array(image.data.buffer), image.width, image.height, x, y);
  }
  drawImage(other: Sheet, x: number, y: number) {
    this.place(other.pixels, other.width, other.height, x, y);
  }
  private place(from: Uint32Array, width: number, height: number, x: number, y: number) {
    for (let r = 0; r < height; r++) this.pixels.set(from.subarray(r * width, (r + 1) * width), (y + r) * this.width + x);
  }
}

beforeAll(() => {
  vi.stubGlobal(
    "ImageData",
    class {
      readonly data: Uint8ClampedArray;
      constructor(
        readonly width: number,
        readonly height: number,
      ) {
        this.data = new Uint8ClampedArray(width * height * 4);
      }
    },
  );
});
afterAll(() => vi.unstubAllGlobals());

const [WIDTH, HEIGHT] = [TILE * 2 + 70, TILE + 40];
const whole = { x0: 0, y0: 0, x1: WIDTH, y1: HEIGHT };
const style = { colour: parseColour("#3060c0"), opacity: 0.5, outlineOnly: false };

function layer(mask: BitMask): { tiles: LayerTiles; screen: Sheet; draw: (times: number) => ReturnType<LayerTiles["draw"]>; made: () => number } {
  let made = 0;
  const tiles = new LayerTiles(mask, style, (w, h) => {
    made++;
    return new Sheet(w, h) as unknown as HTMLCanvasElement;
  });
  const screen = new Sheet(WIDTH, HEIGHT);
  const draw = (times: number) => {
    screen.pixels.fill(0);
    let n = 0;
    return tiles.draw(screen as unknown as CanvasRenderingContext2D, whole, () => n++ < times);
  };
  return { tiles, screen, draw, made: () => made };
}

function right(mask: BitMask, how = style): Uint32Array {
  const out = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  rasterise(mask, whole, how, out);
  return new Uint32Array(out.buffer);
}

const stroke = fc.record({ x: fc.integer({ min: -20, max: WIDTH }), y: fc.integer({ min: -5, max: HEIGHT }), w: fc.integer({ min: 1, max: 900 }), h: fc.integer({ min: 1, max: 300 }), on: fc.boolean(), times: fc.nat(3) });

describe("a layer's tiles", () => {
  it("come to the mask's picture, however little there is time for between the changes", () => {
    fc.assert(
      fc.property(fc.array(stroke, { minLength: 1, maxLength: 6 }), (strokes) => {
        const mask = new BitMask(WIDTH, HEIGHT);
        const { tiles, screen, draw } = layer(mask);
        for (const s of strokes) {
          for (let y = s.y; y < s.y + s.h; y++) mask.fillSpan(y, s.x, s.x + s.w, s.on);
          tiles.update({ x0: s.x, y0: s.y, x1: s.x + s.w, y1: s.y + s.h });
          draw(s.times);
        }
        // One tile each time: it comes to an end, and what is named as left holds all that is still wrong.
        const wanted = right(mask);
        for (let k = 0, left = draw(0); left; left = draw(1)) {
          for (let i = 0; i < wanted.length; i++) {
            if (wanted[i] === screen.pixels[i]) continue;
            const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
            if (x < left.x0 || x >= left.x1 || y < left.y0 || y >= left.y1) throw new Error(`(${x}, ${y}) is wrong and not named`);
          }
          expect(k++).toBeLessThan(7);
        }
        expect(screen.pixels.every((v, i) => v === wanted[i])).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("are made only where something is painted, and painted anew only in another style", () => {
    const mask = new BitMask(WIDTH, HEIGHT);
    const { tiles, screen, draw, made } = layer(mask);
    tiles.update(whole);
    draw(100);
    expect(made()).toBe(0);
    mask.fillSpan(10, 5, 60, true);
    tiles.update({ x0: 5, y0: 10, x1: 60, y1: 11 });
    expect(draw(100)).toBeNull();
    expect(made()).toBe(1);
    tiles.restyle({ ...style });
    expect(draw(0), "the same style leaves nothing to paint").toBeNull();
    tiles.restyle({ ...style, outlineOnly: true });
    expect(draw(0)).not.toBeNull();
    expect(draw(100)).toBeNull();
    const wanted = right(mask, { ...style, outlineOnly: true });
    expect(screen.pixels.every((v, i) => v === wanted[i])).toBe(true);
  });
});
