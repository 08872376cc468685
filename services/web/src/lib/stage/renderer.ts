import type { BitMask, Rect } from "~/lib/canvas/bitmask";
import type { GreyFrame } from "~/lib/canvas/document";
import { LayerTiles, type LayerStyle } from "~/lib/canvas/tiles";
import { GRID_SCALE, type Size, type View } from "~/lib/canvas/view";
import { type Display, PLAIN, isPlain, lookup } from "~/lib/canvas/window";

export interface Frame {
  width: number;
  height: number;
  picture: ImageBitmap | HTMLCanvasElement;
  /** The file that it was decoded from: handing it to a worker costs nothing, handing over the pixels of a large frame does. */
  file?: Blob;
  grey: GreyFrame;
}

interface Layer {
  mask: BitMask;
  tiles: LayerTiles;
  visible: boolean;
}

const makeCanvas = (width: number, height: number): HTMLCanvasElement => {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
};

/**
 * Three canvases of the size of the stage, one over the other: the frame, the layers, the pointer. A stroke redraws
 * only its rectangle of the middle one.
 */
export class Renderer {
  readonly hud: CanvasRenderingContext2D;
  private readonly base: CanvasRenderingContext2D;
  private readonly overlay: CanvasRenderingContext2D;
  private frame: Frame | null = null;
  private peek: Frame | null = null;
  private shown: CanvasImageSource | null = null;
  private display: Display = PLAIN;
  private readonly layers = new Map<string, Layer>();
  private dirty: Rect | "all" | null = "all";
  private baseDirty = true;
  view: View = { scale: 1, x: 0, y: 0 };
  size: Size = { width: 1, height: 1 };
  dpr = 1;
  /** The picture was drawn anew since the last look: another display of the same canvas. */
  isRepainted = false;

  constructor(container: HTMLElement) {
    const add = (name: string): CanvasRenderingContext2D => {
      const canvas = makeCanvas(1, 1);
      canvas.className = `stage-canvas stage-${name}`;
      canvas.setAttribute("aria-hidden", "true");
      container.append(canvas);
      const ctx = canvas.getContext("2d");
      if (!ctx) throw new Error("This browser has no 2D canvas.");
      return ctx;
    };
    this.base = add("base");
    this.overlay = add("overlay");
    this.hud = add("hud");
  }

  destroy(): void {
    for (const ctx of [this.base, this.overlay, this.hud]) {
      ctx.canvas.remove();
      ctx.canvas.width = 0;
    }
    this.layers.clear();
  }

  resize(size: Size, dpr: number): void {
    this.size = size;
    this.dpr = dpr;
    for (const ctx of [this.base, this.overlay, this.hud]) {
      ctx.canvas.width = Math.max(1, Math.round(size.width * dpr));
      ctx.canvas.height = Math.max(1, Math.round(size.height * dpr));
    }
    this.invalidate();
  }

  setFrame(frame: Frame): void {
    this.frame = frame;
    this.peek = null;
    this.layers.clear();
    this.applyDisplay();
  }

  /** Shows another frame of the same size in the picture's place, under the same layers; null: the frame itself again. */
  setPeek(frame: Frame | null): void {
    this.peek = frame;
    this.applyDisplay();
  }

  /** What is shown of the frame. */
  get picture(): CanvasImageSource | null {
    return this.shown;
  }

  setDisplay(display: Display): void {
    this.display = display;
    this.applyDisplay();
  }

  private applyDisplay(): void {
    const frame = this.peek ?? this.frame;
    if (!frame) return;
    this.baseDirty = true;
    this.isRepainted = true;
    if (isPlain(this.display)) {
      this.shown = frame.picture;
      return;
    }
    const canvas = this.shown instanceof HTMLCanvasElement && this.shown !== frame.picture && this.shown !== this.frame?.picture && this.shown.width === frame.width && this.shown.height === frame.height
      ? this.shown
      : makeCanvas(frame.width, frame.height);
    const ctx = canvas.getContext("2d")!;
    const image = ctx.createImageData(frame.width, frame.height);
    const table = lookup(this.display);
    const colours = new Uint32Array(256);
    for (let v = 0; v < 256; v++) colours[v] = ((255 << 24) | (table[v]! * 0x10101)) >>> 0;
    const px = new Uint32Array(image.data.buffer);
    const grey = frame.grey.data;
    for (let i = 0; i < px.length; i++) px[i] = colours[grey[i]!]!;
    ctx.putImageData(image, 0, 0);
    this.shown = canvas;
  }

  setView(view: View): void {
    this.view = view;
    this.invalidate();
  }

  invalidate(): void {
    this.dirty = "all";
    this.baseDirty = true;
  }

  setLayer(name: string, mask: BitMask, style: LayerStyle, visible: boolean): void {
    const known = this.layers.get(name);
    if (known?.mask === mask) {
      known.visible = visible;
      known.tiles.restyle(style);
    } else {
      const tiles = new LayerTiles(mask, style, makeCanvas);
      tiles.update({ x0: 0, y0: 0, x1: mask.width, y1: mask.height });
      this.layers.set(name, { mask, tiles, visible });
    }
    this.dirty = "all";
  }

  dropLayer(name: string): void {
    if (this.layers.delete(name)) this.dirty = "all";
  }

  updateLayer(name: string, rect: Rect): void {
    this.layers.get(name)?.tiles.update(rect);
    if (this.dirty === "all") return;
    const d = this.dirty;
    this.dirty = d
      ? { x0: Math.min(d.x0, rect.x0), y0: Math.min(d.y0, rect.y0), x1: Math.max(d.x1, rect.x1), y1: Math.max(d.y1, rect.y1) }
      : rect;
  }

  draw(): void {
    if (this.baseDirty) this.drawBase();
    if (this.dirty) this.drawOverlay(this.dirty);
    this.baseDirty = false;
    this.dirty = null;
  }

  private transform(ctx: CanvasRenderingContext2D): void {
    const { scale, x, y } = this.view;
    ctx.setTransform(scale * this.dpr, 0, 0, scale * this.dpr, x * this.dpr, y * this.dpr);
  }

  private drawBase(): void {
    const ctx = this.base;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
    if (!this.frame || !this.shown) return;
    this.transform(ctx);
    // Past the grid's scale a pixel is shown as what it is; below, interpolation reads better.
    ctx.imageSmoothingEnabled = this.view.scale < GRID_SCALE / 2;
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(this.shown, 0, 0, this.frame.width, this.frame.height);
    if (this.view.scale >= GRID_SCALE) this.drawGrid(ctx);
  }

  private drawGrid(ctx: CanvasRenderingContext2D): void {
    const v = this.visible();
    ctx.beginPath();
    for (let x = v.x0; x <= v.x1; x++) {
      ctx.moveTo(x, v.y0);
      ctx.lineTo(x, v.y1);
    }
    for (let y = v.y0; y <= v.y1; y++) {
      ctx.moveTo(v.x0, y);
      ctx.lineTo(v.x1, y);
    }
    ctx.lineWidth = 1 / (this.view.scale * this.dpr);
    ctx.strokeStyle = "rgba(140, 170, 210, 0.28)";
    ctx.stroke();
  }

  /** Frame pixels that are on the stage. */
  visible(): Rect {
    const { scale, x, y } = this.view;
    const w = this.frame?.width ?? 1;
    const h = this.frame?.height ?? 1;
    return {
      x0: Math.max(0, Math.floor(-x / scale)),
      y0: Math.max(0, Math.floor(-y / scale)),
      x1: Math.min(w, Math.ceil((this.size.width - x) / scale)),
      y1: Math.min(h, Math.ceil((this.size.height - y) / scale)),
    };
  }

  private drawOverlay(dirty: Rect | "all"): void {
    const ctx = this.overlay;
    const { scale, x, y } = this.view;
    ctx.save();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    let part = this.visible();
    if (dirty === "all") {
      ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
    } else {
      const k = scale * this.dpr;
      const left = Math.floor(dirty.x0 * k + x * this.dpr) - 2;
      const top = Math.floor(dirty.y0 * k + y * this.dpr) - 2;
      const w = Math.ceil((dirty.x1 - dirty.x0) * k) + 5;
      const h = Math.ceil((dirty.y1 - dirty.y0) * k) + 5;
      ctx.beginPath();
      ctx.rect(left, top, w, h);
      ctx.clip();
      ctx.clearRect(left, top, w, h);
      part = { x0: dirty.x0 - 3, y0: dirty.y0 - 3, x1: dirty.x1 + 3, y1: dirty.y1 + 3 };
    }
    this.transform(ctx);
    ctx.imageSmoothingEnabled = scale < 1;
    for (const layer of this.layers.values()) if (layer.visible) layer.tiles.draw(ctx, part);
    ctx.restore();
  }
}

/** Decodes a frame's bytes into a picture and its grey values (the red channel of a grey frame, luma of a coloured one). */
export async function loadFrame(blob: Blob): Promise<Frame> {
  const picture = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const { width, height } = picture;
  const canvas = makeCanvas(width, height);
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  if (!ctx) throw new Error("This browser has no 2D canvas.");
  ctx.drawImage(picture, 0, 0);
  const rgba = ctx.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(width * height);
  for (let i = 0, p = 0; i < data.length; i++, p += 4) {
    const r = rgba[p]!;
    const g = rgba[p + 1]!;
    const b = rgba[p + 2]!;
    data[i] = r === g && g === b ? r : Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }
  canvas.width = 0;
  return { width, height, picture, file: blob, grey: { width, height, data } };
}
