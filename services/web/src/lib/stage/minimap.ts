import { type Size, fromMinimap, minimapSize, toMinimap } from "~/lib/canvas/view";
import { type Display, isPlain, lookup } from "~/lib/canvas/window";
import type { Point } from "~/lib/canvas/shapes";
import type { Renderer } from "./renderer";

const SIDE = 148;
/** Below this zoom the whole frame is on the stage anyway. */
const SHOWN_FROM = 1.2;

/** The whole frame in the corner of the stage while it is zoomed in, with what is seen of it; a press or drag goes there. */
export class Minimap {
  private readonly canvas = document.createElement("canvas");
  private readonly ctx: CanvasRenderingContext2D | null;
  private thumb: { source: CanvasImageSource; display: Display; picture: HTMLCanvasElement } | null = null;
  private size: Size = { width: 1, height: 1 };

  constructor(container: HTMLElement, onGo: (at: Point) => void) {
    this.canvas.className = "stage-minimap";
    // The keys move the picture as well; to a screen reader the map says nothing.
    this.canvas.setAttribute("aria-hidden", "true");
    this.canvas.hidden = true;
    this.ctx = this.canvas.getContext("2d");
    container.append(this.canvas);
    let held = false;
    const go = (e: PointerEvent): void => {
      const box = this.canvas.getBoundingClientRect();
      onGo(fromMinimap({ x: e.clientX - box.left, y: e.clientY - box.top }, this.size, { width: box.width, height: box.height }));
    };
    // None of it reaches the stage: a press here is no stroke.
    const listen = (type: "pointerdown" | "pointermove" | "pointerup" | "pointercancel", act: (e: PointerEvent) => void): void =>
      this.canvas.addEventListener(type, (e) => {
        e.stopPropagation();
        act(e);
      });
    listen("pointerdown", (e) => {
      e.preventDefault();
      held = true;
      this.canvas.setPointerCapture(e.pointerId);
      go(e);
    });
    listen("pointermove", (e) => held && go(e));
    listen("pointerup", () => (held = false));
    listen("pointercancel", () => (held = false));
  }

  destroy(): void {
    this.canvas.remove();
  }

  /** Draws the map of `frame` as the renderer shows it, or hides it. */
  draw(r: Renderer, frame: Size | null, fitScale: number, wanted: boolean): void {
    const source = r.picture;
    const show = wanted && frame !== null && source !== null && r.view.scale > fitScale * SHOWN_FROM;
    this.canvas.hidden = !show;
    if (!show || !this.ctx) return;
    this.size = frame;
    const { width, height } = minimapSize(frame, SIDE);
    const w = Math.round(width * r.dpr);
    const h = Math.round(height * r.dpr);
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
      this.thumb = null;
    }
    if (this.thumb?.source !== source || this.thumb.display !== r.display) {
      const picture = this.thumb?.picture ?? document.createElement("canvas");
      picture.width = w;
      picture.height = h;
      const ctx = picture.getContext("2d", { willReadFrequently: true });
      ctx?.drawImage(source, 0, 0, w, h);
      if (ctx && !isPlain(r.display)) brighten(ctx, r.display);
      this.thumb = { source, display: r.display, picture };
    }
    const seen = toMinimap(r.visible(), frame, { width: w, height: h });
    this.ctx.clearRect(0, 0, w, h);
    this.ctx.drawImage(this.thumb.picture, 0, 0);
    this.ctx.lineWidth = 2 * r.dpr;
    this.ctx.strokeStyle = "rgba(0, 0, 0, 0.7)";
    this.ctx.strokeRect(seen.x0, seen.y0, seen.x1 - seen.x0, seen.y1 - seen.y0);
    this.ctx.lineWidth = r.dpr;
    this.ctx.strokeStyle = "#ffe08a";
    this.ctx.strokeRect(seen.x0, seen.y0, seen.x1 - seen.x0, seen.y1 - seen.y0);
  }
}

/** The stage's filter would change the map's marks too, so its small picture is brightened itself. */
function brighten(ctx: CanvasRenderingContext2D, display: Display): void {
  const image = ctx.getImageData(0, 0, ctx.canvas.width, ctx.canvas.height);
  const table = lookup(display);
  for (let i = 0; i < image.data.length; i++) if ((i & 3) !== 3) image.data[i] = table[image.data[i]!]!;
  ctx.putImageData(image, 0, 0);
}
