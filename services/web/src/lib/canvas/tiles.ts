import { type BitMask, type Rect, clipRect } from "./bitmask";

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
export function rasterise(mask: BitMask, rect: Rect, style: LayerStyle, out: Uint8ClampedArray): boolean {
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
  let painted = false;
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
      painted = true;
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
  return painted;
}

type TileCanvas = HTMLCanvasElement;

export type CanvasFactory = (width: number, height: number) => TileCanvas;

/** One label's layer as pictures, kept in step with its mask by dirty rectangles. */
export class LayerTiles {
  private readonly tiles = new Map<number, TileCanvas>();
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
    this.style = style;
    this.update({ x0: 0, y0: 0, x1: this.mask.width, y1: this.mask.height });
  }

  update(dirty: Rect): void {
    // One pixel around: a neighbour's edge can appear or vanish.
    const rect = clipRect({ x0: dirty.x0 - 1, y0: dirty.y0 - 1, x1: dirty.x1 + 1, y1: dirty.y1 + 1 }, this.mask.width, this.mask.height);
    if (!rect) return;
    for (let ty = Math.floor(rect.y0 / TILE); ty * TILE < rect.y1; ty++) {
      for (let tx = Math.floor(rect.x0 / TILE); tx * TILE < rect.x1; tx++) this.updateTile(tx, ty, rect);
    }
  }

  private updateTile(tx: number, ty: number, rect: Rect): void {
    const key = ty * this.columns + tx;
    const left = tx * TILE;
    const top = ty * TILE;
    const part = {
      x0: Math.max(rect.x0, left),
      y0: Math.max(rect.y0, top),
      x1: Math.min(rect.x1, left + TILE, this.mask.width),
      y1: Math.min(rect.y1, top + TILE, this.mask.height),
    };
    const image = new ImageData(part.x1 - part.x0, part.y1 - part.y0);
    const painted = rasterise(this.mask, part, this.style, image.data);
    let tile = this.tiles.get(key);
    if (!tile) {
      if (!painted) return;
      tile = this.make(Math.min(TILE, this.mask.width - left), Math.min(TILE, this.mask.height - top));
      this.tiles.set(key, tile);
    }
    tile.getContext("2d")?.putImageData(image, part.x0 - left, part.y0 - top);
  }

  /** Draws the tiles that meet `visible` (frame pixels) in a context that is already in frame coordinates. */
  draw(ctx: CanvasRenderingContext2D, visible: Rect): void {
    for (let ty = Math.max(0, Math.floor(visible.y0 / TILE)); ty < this.rows && ty * TILE < visible.y1; ty++) {
      for (let tx = Math.max(0, Math.floor(visible.x0 / TILE)); tx < this.columns && tx * TILE < visible.x1; tx++) {
        const tile = this.tiles.get(ty * this.columns + tx);
        if (tile) ctx.drawImage(tile, tx * TILE, ty * TILE);
      }
    }
  }
}
