import { type BitMask, type Rect, unionRect } from "~/lib/canvas/bitmask";
import { LayerTiles, type LayerStyle } from "~/lib/canvas/tiles";
import { GRID_SCALE, type Size, type View } from "~/lib/canvas/view";
import { type Display, PLAIN, isPlain, lookup } from "~/lib/canvas/window";
import { Brightness } from "./brightness";
import type { Frame } from "./frame";

/** How long a frame's turn may paint layers that have changed, in ms; what doesn't fit comes with the next one. */
const PAINT_MS = 10;

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
  private readonly brightness: Brightness;
  private readonly layers = new Map<string, Layer>();
  private dirty: Rect | "all" | null = "all";
  private baseDirty = true;
  view: View = { scale: 1, x: 0, y: 0 };
  size: Size = { width: 1, height: 1 };
  dpr = 1;
  display: Display = PLAIN;

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
    this.brightness = new Brightness(this.base.canvas);
    this.overlay = add("overlay");
    this.hud = add("hud");
  }

  destroy(): void {
    this.brightness.destroy();
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
    this.baseDirty = true;
  }

  /** Shows another frame of the same size in the picture's place, under the same layers; null: the frame itself again. */
  setPeek(frame: Frame | null): void {
    this.peek = frame;
    this.baseDirty = true;
  }

  /** What is shown of the frame. */
  get picture(): CanvasImageSource | null {
    return (this.peek ?? this.frame)?.picture ?? null;
  }

  setDisplay(display: Display): void {
    this.display = display;
    this.brightness.set(isPlain(display) ? null : lookup(display));
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
    this.dirty = unionRect(d, rect);
  }

  /** Draws what has changed; true where a part of the layers is left for another frame. */
  draw(): boolean {
    if (this.baseDirty) this.drawBase();
    this.baseDirty = false;
    this.dirty = this.dirty && this.drawOverlay(this.dirty);
    return this.dirty !== null;
  }

  private transform(ctx: CanvasRenderingContext2D): void {
    const { scale, x, y } = this.view;
    ctx.setTransform(scale * this.dpr, 0, 0, scale * this.dpr, x * this.dpr, y * this.dpr);
  }

  private drawBase(): void {
    const ctx = this.base;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
    const { picture } = this;
    if (!this.frame || !picture) return;
    this.transform(ctx);
    // Past the grid's scale a pixel is shown as what it is; below, interpolation reads better.
    ctx.imageSmoothingEnabled = this.view.scale < GRID_SCALE / 2;
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(picture, 0, 0, this.frame.width, this.frame.height);
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

  /** Gives back what of it there was no time to paint. */
  private drawOverlay(dirty: Rect | "all"): Rect | null {
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
    let painted = 0;
    const until = performance.now() + PAINT_MS;
    // One at least, or a slow machine would never come to an end.
    const hasTime = (): boolean => painted++ === 0 || performance.now() < until;
    let left: Rect | null = null;
    for (const layer of this.layers.values()) if (layer.visible) left = unionRect(left, layer.tiles.draw(ctx, part, hasTime));
    ctx.restore();
    return left;
  }
}
