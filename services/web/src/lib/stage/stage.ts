import type { BitMask, Rect } from "~/lib/canvas/bitmask";
import { type Change, type MaskDocument, type StrokeOptions, rangeAt } from "~/lib/canvas/document";
import { type Point, thinPath } from "~/lib/canvas/shapes";
import { type LayerStyle, parseColour } from "~/lib/canvas/tiles";
import { type View, centreOn, clampView, fit, toFrame, zoomAt } from "~/lib/canvas/view";
import { type Display, PLAIN, dragged } from "~/lib/canvas/window";
import { intoSight, steppedTo } from "./crosshair";
import type { Frame } from "./frame";
import { Gestures, type Contact } from "./gestures";
import { type HudState, drawHud } from "./hud";
import { Minimap } from "./minimap";
import { Renderer } from "./renderer";
import { NO_PROMPT, PromptMarks } from "./prompts";
import type { StageEvents, StageOptions } from "./types";

export type { LabelStyle, Prompt, PromptPoint, PromptScribble, StageEvents, StageOptions, Tool } from "./types";

const FINGER_OFFSET = 64;

/** Ties pointer and keyboard to a document and a renderer. No React, no network: the page listens to its events. */
export class Stage {
  readonly renderer: Renderer;
  private readonly gestures: Gestures;
  private readonly minimap: Minimap;
  private readonly observer: ResizeObserver;
  private frame: Frame | null = null;
  private doc: MaskDocument | null = null;
  private options: StageOptions;
  private display: Display = PLAIN;
  private last: Point | null = null;
  private path: Point[] = [];
  private readonly hud: HudState = { cursor: null, crosshair: null, corners: [], box: null, prompt: NO_PROMPT, negative: false, brush: 0, erase: false, offset: false };
  private readonly marks = new PromptMarks();
  private raf = 0;
  private strokeStarted = 0;
  private fitted = true;
  private opened = false;

  constructor(
    readonly container: HTMLElement,
    options: StageOptions,
    private readonly events: StageEvents,
  ) {
    this.options = options;
    this.renderer = new Renderer(container);
    this.gestures = new Gestures(container, {
      start: (c) => this.down(c),
      move: (c) => this.move(c),
      end: (c) => this.up(c),
      cancel: () => this.cancelStroke(),
      hover: (c) => this.hover(c),
      leave: () => this.hover(null),
      view: (change) => this.changeView(change(this.renderer.view)),
      minScale: () => this.minScale(),
      panning: () => this.options.tool === "pan",
    });
    this.minimap = new Minimap(container, (at) => this.changeView(centreOn(this.renderer.view, at, this.renderer.size)));
    this.observer = new ResizeObserver(() => this.measure());
    this.observer.observe(container);
    this.measure();
  }

  destroy(): void {
    cancelAnimationFrame(this.raf);
    this.observer.disconnect();
    this.gestures.destroy();
    this.minimap.destroy();
    this.renderer.destroy();
  }

  private measure(): void {
    const box = this.container.getBoundingClientRect();
    this.renderer.resize({ width: Math.max(1, box.width), height: Math.max(1, box.height) }, Math.min(3, window.devicePixelRatio || 1));
    if (this.frame) this.changeView(this.fitted ? fit(this.frame, this.renderer.size, 12) : this.renderer.view, this.fitted);
    this.schedule();
  }

  open(frame: Frame, doc: MaskDocument): void {
    // A stroke that is under way when the image goes stays with that image.
    this.cancelStroke();
    this.gestures.drop();
    this.frame = frame;
    this.doc = doc;
    this.opened = true;
    this.renderer.setFrame(frame);
    this.setDisplay(PLAIN);
    this.events.onDisplay?.(PLAIN);
    this.clearPrompt();
    this.hud.corners = [];
    this.hud.crosshair = null;
    this.restyle();
    this.fit();
    // At once, while the rest of the page is still being laid out; the frame's turn then finds it done, and tells that it is on the screen.
    this.renderer.draw();
  }

  configure(options: StageOptions): void {
    const before = this.options;
    this.options = options;
    if (before.tool !== options.tool) {
      this.cancelStroke();
      this.hud.corners = [];
    }
    const look = (o: StageOptions) => JSON.stringify([o.opacity, o.outlineOnly, o.hidden, o.labels]);
    if (look(before) !== look(options)) this.restyle();
    this.container.dataset.tool = options.tool;
    this.schedule();
  }

  private style(colour: string): LayerStyle {
    return { colour: parseColour(colour), opacity: this.options.opacity, outlineOnly: this.options.outlineOnly };
  }

  private restyle(): void {
    if (!this.doc) return;
    for (const l of this.options.labels) {
      if (this.doc.labels.includes(l.id)) this.renderer.setLayer(`label:${l.id}`, this.doc.layer(l.id), this.style(l.colour), l.visible && !this.options.hidden);
    }
    this.schedule();
  }

  /** A mask to look at, over the labels: a prompt's answer, a proposal, a reference. Null takes it away. */
  setOverlay(name: string, mask: BitMask | null, colour = "#ffffff", look: Partial<LayerStyle> = {}): void {
    if (mask) this.renderer.setLayer(`over:${name}`, mask, { ...this.style(colour), outlineOnly: false, ...look }, true);
    else this.renderer.dropLayer(`over:${name}`);
    this.schedule();
  }

  /** Draws again what a change made elsewhere (undo, a button) touched. */
  changed(change: Change | null): void {
    if (!change) return;
    for (const d of change.dirty) this.renderer.updateLayer(`label:${d.label}`, d.rect);
    this.schedule();
  }

  // ---- view -----------------------------------------------------------------------------------------------------
  private minScale(): number {
    return this.frame ? Math.min(1, fit(this.frame, this.renderer.size, 12).scale) * 0.5 : 0.01;
  }

  private changeView(view: View, fitted = false): void {
    if (!this.frame) return;
    this.fitted = fitted;
    this.renderer.setView(clampView(view, this.frame, this.renderer.size));
    this.events.onView?.(this.renderer.view);
    this.schedule();
  }

  fit(): void {
    if (this.frame) this.changeView(fit(this.frame, this.renderer.size, 12), true);
  }

  zoom(factor: number): void {
    const { width, height } = this.renderer.size;
    this.changeView(zoomAt(this.renderer.view, factor, { x: width / 2, y: height / 2 }, this.minScale()));
  }

  panBy(dx: number, dy: number): void {
    const v = this.renderer.view;
    this.changeView({ ...v, x: v.x + dx, y: v.y + dy });
  }

  /** A neighbour to compare with, in the picture's place; null: back to the image at work. */
  peek(frame: Frame | null): void {
    this.renderer.setPeek(frame);
    this.schedule();
  }

  setDisplay(display: Display): void {
    this.display = display;
    this.renderer.setDisplay(display);
    this.schedule();
  }

  // ---- keyboard path --------------------------------------------------------------------------------------------
  /** Moves the crosshair, for those who draw without a pointer; it begins in the middle of what is shown. */
  moveCrosshair(dx: number, dy: number): Point | null {
    if (!this.frame) return null;
    this.hud.crosshair = steppedTo(this.hud.crosshair, dx, dy, this.frame, this.renderer.visible());
    const move = intoSight(this.hud.crosshair, this.renderer.view, this.renderer.size);
    if (move.x !== 0 || move.y !== 0) this.panBy(move.x, move.y);
    this.schedule();
    return this.hud.crosshair;
  }

  /** Uses the tool at the crosshair: a dab of the brush, a corner, a prompt point. */
  pressCrosshair(negative: boolean): void {
    const at = this.hud.crosshair ?? this.moveCrosshair(0, 0);
    if (!at || this.options.readOnly) return;
    const tool = this.options.tool;
    if (tool === "point" || tool === "scribble") this.mark(this.frame !== null && this.marks.point(at, negative === this.options.negative, this.frame));
    else if (tool === "polygon") this.addCorner(at);
    else if (tool === "box") {
      if (!this.hud.box) this.hud.box = [at.x, at.y, at.x, at.y];
      else this.finishBox([this.hud.box[0], this.hud.box[1], at.x, at.y]);
      this.schedule();
    } else if (tool !== "pan" && tool !== "window" && tool !== "lasso") {
      this.beginStroke(at, negative || tool === "eraser");
      this.commitStroke();
    }
  }

  // ---- pointer --------------------------------------------------------------------------------------------------
  private frameAt(c: Contact): Point {
    const offset = this.offsetFor(c) ? FINGER_OFFSET : 0;
    return toFrame(this.renderer.view, { x: c.x, y: c.y - offset });
  }

  private offsetFor(c: Contact): boolean {
    return c.type === "touch" && this.options.fingerOffset && ["brush", "eraser", "threshold", "lasso", "scribble"].includes(this.options.tool);
  }

  private hover(c: Contact | null): void {
    this.hud.cursor = c ? this.frameAt(c) : null;
    this.hud.offset = false;
    if (c) this.hud.crosshair = null;
    this.events.onHover?.(this.hud.cursor);
    this.schedule();
  }

  private down(c: Contact): void {
    const at = this.frameAt(c);
    this.hover(c);
    this.hud.offset = this.offsetFor(c);
    this.last = at;
    const { tool, readOnly } = this.options;
    if (readOnly && tool !== "window") return;
    if (tool === "brush" || tool === "eraser" || tool === "threshold") this.beginStroke(at, c.erase || tool === "eraser");
    else if (tool === "lasso" || tool === "scribble") {
      this.path = [at];
      this.hud.negative = (c.erase || c.alt) !== this.options.negative;
    } else if (tool === "polygon") this.addCorner(at);
    else if (tool === "point") this.mark(this.frame !== null && this.marks.point(at, (c.erase || c.alt) === this.options.negative, this.frame));
    else if (tool === "box") this.hud.box = [at.x, at.y, at.x, at.y];
  }

  private move(c: Contact): void {
    const { tool, readOnly } = this.options;
    this.hud.cursor = this.frameAt(c);
    this.hud.offset = this.offsetFor(c);
    if (tool === "window") {
      this.setDisplay(dragged(this.display, c.dx, c.dy));
      this.events.onDisplay?.(this.display);
      return;
    }
    if (!readOnly) {
      for (const p of c.path) {
        const at = toFrame(this.renderer.view, { x: p.x, y: p.y - (this.hud.offset ? FINGER_OFFSET : 0) });
        if (tool === "lasso" || tool === "scribble") this.path.push(at);
        else if (tool === "box" && this.hud.box) this.hud.box = [this.hud.box[0], this.hud.box[1], at.x, at.y];
        else if (this.last) this.extendStroke(this.last, at);
        this.last = at;
      }
      if (tool === "lasso" || tool === "scribble") this.hud.corners = this.path;
    }
    this.schedule();
  }

  private up(c: Contact): void {
    const { tool, readOnly } = this.options;
    this.hud.offset = false;
    if (c.type === "touch") this.hud.cursor = null;
    if (readOnly) return;
    if (tool === "lasso") {
      const points = thinPath(this.path);
      this.path = [];
      this.hud.corners = [];
      if (points.length > 2) this.emit(this.doc?.polygon(this.options.label, points, this.strokeOptions(c.erase, null)) ?? null);
    } else if (tool === "scribble") {
      const { path } = this;
      this.path = [];
      this.hud.corners = [];
      this.mark(this.frame !== null && this.marks.scribble(path, !this.hud.negative, this.frame));
    } else if (tool === "box" && this.hud.box) this.finishBox(this.hud.box);
    else this.commitStroke();
    this.last = null;
    this.schedule();
  }

  private cancelStroke(): void {
    this.path = [];
    if (this.options.tool === "lasso" || this.options.tool === "scribble") this.hud.corners = [];
    this.hud.box = this.marks.now.box;
    this.last = null;
    this.changed(this.doc?.cancel() ?? null);
    this.schedule();
  }

  private strokeOptions(erase: boolean, at: Point | null): StrokeOptions {
    const { protect, tool, tolerance } = this.options;
    const range = tool === "threshold" && at && this.frame ? rangeAt(this.frame.grey, at, tolerance) : null;
    return { erase, protect, ...(range ? { range } : {}) };
  }

  private beginStroke(at: Point, erase: boolean): void {
    if (!this.doc) return;
    this.hud.erase = erase;
    this.doc.begin(this.options.label, this.strokeOptions(erase, at));
    this.extendStroke(at, at);
  }

  private extendStroke(a: Point, b: Point): void {
    if (this.strokeStarted === 0) this.strokeStarted = performance.now();
    const rect: Rect | null = this.doc?.extend(a, b, this.options.size / 2) ?? null;
    if (rect) this.renderer.updateLayer(`label:${this.options.label}`, rect);
    this.schedule();
  }

  private commitStroke(): void {
    this.hud.erase = false;
    // It is in the picture already, segment by segment.
    const change = this.doc?.commit() ?? null;
    if (change) this.events.onChange?.(change);
  }

  private emit(change: Change | null): void {
    if (!change) return;
    this.changed(change);
    this.events.onChange?.(change);
  }

  // ---- polygon --------------------------------------------------------------------------------------------------
  private addCorner(at: Point): void {
    const first = this.hud.corners[0];
    if (first && this.hud.corners.length > 2 && Math.hypot(first.x - at.x, first.y - at.y) * this.renderer.view.scale < 12) {
      this.closePolygon();
      return;
    }
    this.hud.corners = [...this.hud.corners, at];
    this.schedule();
  }

  closePolygon(): boolean {
    if (this.options.tool !== "polygon" || this.hud.corners.length < 3) return false;
    const points = this.hud.corners;
    this.hud.corners = [];
    this.emit(this.doc?.polygon(this.options.label, points, this.strokeOptions(false, null)) ?? null);
    this.schedule();
    return true;
  }

  /** Takes back the last corner or prompt; false where there is none, so that undo goes on to the masks. */
  stepBack(): boolean {
    if (this.hud.corners.length > 0) {
      this.hud.corners = this.hud.corners.slice(0, -1);
      this.schedule();
      return true;
    }
    if (!this.marks.stepBack()) return false;
    this.mark(true);
    return true;
  }

  // ---- prompts --------------------------------------------------------------------------------------------------
  /** After a mark: shows what there is now, and tells the page where one was made. */
  private mark(made: boolean): void {
    this.hud.prompt = this.marks.now;
    this.hud.box = this.marks.now.box;
    if (made) this.events.onPrompt?.(this.marks.now);
    this.schedule();
  }

  private finishBox(box: [number, number, number, number]): void {
    this.mark(this.frame !== null && this.marks.box(box, this.frame));
  }

  /** Forgets all marks without telling the page. */
  clearPrompt(): void {
    this.marks.clear();
    this.mark(false);
  }

  // ---- drawing --------------------------------------------------------------------------------------------------
  /** Draws now what the next frame would draw. */
  flush(): void {
    cancelAnimationFrame(this.raf);
    this.paint();
  }

  private schedule(): void {
    this.raf ||= requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    this.raf = 0;
    const isMore = this.renderer.draw();
    this.hud.brush = ["brush", "eraser", "threshold"].includes(this.options.tool) ? this.options.size : 0;
    drawHud(this.renderer, this.hud, this.options.tool, this.options.labels.find((l) => l.id === this.options.label)?.colour ?? "#ffffff");
    this.minimap.draw(this.renderer, this.frame, this.frame ? fit(this.frame, this.renderer.size, 12).scale : 1, this.options.minimap);
    if (isMore) this.schedule();
    if (this.opened) {
      this.opened = false;
      this.events.onDrawn?.();
    }
    if (this.strokeStarted > 0) {
      this.events.onPaint?.(performance.now() - this.strokeStarted);
      this.strokeStarted = 0;
    }
  }
}
