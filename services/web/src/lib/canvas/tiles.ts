import { type BitMask, type Rect, clipRect, unionRect } from "./bitmask";

/** Side of a tile in frame pixels. Only tiles that hold paint own memory, so 30 labels on a large frame stay cheap. */
export const TILE = 512;

export interface Rgb {
  r: number;
  g: number;
  b: number;
}

export function parseColour(hex: string): Rgb {
  const m = /^#?([0-9a-f]{6})$/i.exec(hex.trim());
  const v = m ? parseInt(m[1]!, 16) : 0xffb000;
  return { r: (v >> 16) & 255, g: (v >> 8) & 255, b: v & 255 };
}

export interface LayerStyle {
  colour: Rgb;
  /** 0–1, of the area; the edge is always opaque. */
  opacity: number;
  outlineOnly: boolean;
}

/**
 * Writes the pixels of `rect` as RGBA into `out`: the edge (a set pixel with an unset one beside it) opaque, the area
 * at the style's opacity. Works on whole words: 32 pixels' edges are five bit operations.
 */
export function rasterise(mask: BitMask, rect: Rect, style: LayerStyle, out: Uint8ClampedArray): void {
  const { words, stride, height } = mask;
  const px = new Uint32Array(out.buffer, out.byteOffset, out.length >> 2);
  const { r, g, b } = style.colour;
  // ImageData is RGBA in memory; every platform a browser runs on is little-endian.
  const solid = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  const alpha = style.outlineOnly ? 0 : Math.round(style.opacity * 255);
  const area = ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
  const w = rect.x1 - rect.x0;
  const first = rect.x0 >> 5;
  const last = (rect.x1 - 1) >> 5;
  for (let y = rect.y0; y < rect.y1; y++) {
    const row = y * stride;
    const o = (y - rect.y0) * w - rect.x0;
    for (let i = first; i <= last; i++) {
      const m = words[row + i]!;
      const from = Math.max(rect.x0, i * 32);
      const to = Math.min(rect.x1, i * 32 + 32);
      if (m === 0) {
        px.fill(0, o + from, o + to);
        continue;
      }
      const left = (m << 1) | (i > 0 ? words[row + i - 1]! >>> 31 : 0);
      const right = (m >>> 1) | (i + 1 < stride ? (words[row + i + 1]! & 1) << 31 : 0);
      const up = y > 0 ? words[row - stride + i]! : 0;
      const down = y + 1 < height ? words[row + stride + i]! : 0;
      const inner = m & left & right & up & down;
      if (inner === -1) {
        px.fill(area, o + from, o + to);
        continue;
      }
      for (let x = from; x < to; x++) {
        const bit = 1 << (x & 31);
        px[o + x] = (m & bit) === 0 ? 0 : (inner & bit) === 0 ? solid : area;
      }
    }
  }
}

function sameStyle(a: LayerStyle, b: LayerStyle): boolean {
  return a.opacity === b.opacity && a.outlineOnly === b.outlineOnly && a.colour.r === b.colour.r && a.colour.g === b.colour.g && a.colour.b === b.colour.b;
}

/** Whether any word that the rectangle meets holds a pixel. */
function holds({ words, stride }: BitMask, { x0, y0, x1, y1 }: Rect): boolean {
  const last = (x1 - 1) >> 5;
  for (let y = y0; y < y1; y++) for (let w = x0 >> 5; w <= last; w++) if (words[y * stride + w] !== 0) return true;
  return false;
}

type TileCanvas = HTMLCanvasElement;

export type CanvasFactory = (width: number, height: number) => TileCanvas;

/**
 * One label's layer as pictures, kept in step with its mask by dirty rectangles. What is dirty is painted when it is drawn, and no more of
 * it than there is time for: a change of a whole large frame comes in over a few frames, and never stops the pen.
 */
export class LayerTiles {
  private readonly tiles = new Map<number, TileCanvas>();
  /** What of a tile isn't painted yet as the mask is now, in frame pixels. */
  private readonly stale = new Map<number, Rect>();
  private readonly columns: number;
  private readonly rows: number;

  constructor(
    private readonly mask: BitMask,
    private style: LayerStyle,
    private readonly make: CanvasFactory,
  ) {
    this.columns = Math.ceil(mask.width / TILE);
    this.rows = Math.ceil(mask.height / TILE);
  }

  restyle(style: LayerStyle): void {
    if (sameStyle(style, this.style)) return;
    this.style = style;
    this.update({ x0: 0, y0: 0, x1: this.mask.width, y1: this.mask.height });
  }

  /** Notes that the mask has changed inside of `dirty` (frame pixels). */
  update(dirty: Rect): void {
    // One pixel around: a neighbour's edge can appear or vanish.
    const rect = clipRect({ x0: dirty.x0 - 1, y0: dirty.y0 - 1, x1: dirty.x1 + 1, y1: dirty.y1 + 1 }, this.mask.width, this.mask.height);
    if (!rect) return;
    for (let ty = Math.floor(rect.y0 / TILE); ty * TILE < rect.y1; ty++) {
      for (let tx = Math.floor(rect.x0 / TILE); tx * TILE < rect.x1; tx++) {
        const key = ty * this.columns + tx;
        const part = { x0: Math.max(rect.x0, tx * TILE), y0: Math.max(rect.y0, ty * TILE), x1: Math.min(rect.x1, (tx + 1) * TILE), y1: Math.min(rect.y1, (ty + 1) * TILE) };
        this.stale.set(key, unionRect(this.stale.get(key) ?? null, part)!);
      }
    }
  }

  private paint(key: number, part: Rect): void {
    const left = (key % this.columns) * TILE;
    const top = Math.floor(key / this.columns) * TILE;
    // Most tiles of most labels hold nothing, and need no picture to say so.
    if (!this.tiles.has(key) && !holds(this.mask, part)) return;
    const image = new ImageData(part.x1 - part.x0, part.y1 - part.y0);
    rasterise(this.mask, part, this.style, image.data);
    let tile = this.tiles.get(key);
    if (!tile) {
      tile = this.make(Math.min(TILE, this.mask.width - left), Math.min(TILE, this.mask.height - top));
      this.tiles.set(key, tile);
    }
    tile.getContext("2d")?.putImageData(image, part.x0 - left, part.y0 - top);
  }

  /**
   * Draws the tiles that meet `visible` (frame pixels) in a context that is already in frame coordinates. Those that changed are painted
   * first, as long as `hasTime` says so; the rest shows what was there before.
   * @returns the rectangle around what is still to be painted, null where nothing is
   */
  draw(ctx: CanvasRenderingContext2D, visible: Rect, hasTime: () => boolean): Rect | null {
    let left: Rect | null = null;
    for (let ty = Math.max(0, Math.floor(visible.y0 / TILE)); ty < this.rows && ty * TILE < visible.y1; ty++) {
      for (let tx = Math.max(0, Math.floor(visible.x0 / TILE)); tx < this.columns && tx * TILE < visible.x1; tx++) {
        const key = ty * this.columns + tx;
        const stale = this.stale.get(key);
        if (stale && hasTime()) {
          this.paint(key, stale);
          this.stale.delete(key);
        } else left = unionRect(left, stale ?? null);
        const tile = this.tiles.get(key);
        if (tile) ctx.drawImage(tile, tx * TILE, ty * TILE);
      }
    }
    return left;
  }
}
