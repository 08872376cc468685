import type { Point } from "~/lib/canvas/shapes";
import { type View, pinch, zoomAt } from "~/lib/canvas/view";

/** One pointer on the stage, in CSS pixels from its top left corner. */
export interface Contact extends Point {
  type: string;
  /** The pen's other end, its barrel button, or the right mouse button. */
  erase: boolean;
  alt: boolean;
  dx: number;
  dy: number;
  /** Every position since the last event: pens report more often than frames are drawn. */
  path: Point[];
}

export interface GestureHandler {
  start: (c: Contact) => void;
  move: (c: Contact) => void;
  end: (c: Contact) => void;
  cancel: () => void;
  hover: (c: Contact) => void;
  leave: () => void;
  view: (change: (view: View) => View) => void;
  minScale: () => number;
  panning: () => boolean;
}

/** A hand that rests on the glass while a pen is in use: touches pan for this long after the pen was last seen. */
const PALM_MS = 4000;
const PEN_ERASER = 32;
const PEN_BARREL = 2;

/** Pointer Events to strokes, pans and pinches. One finger draws, two move the picture; with a pen about, fingers never draw. */
export class Gestures {
  private readonly active = new Map<number, Point>();
  private drawing: number | null = null;
  private panningWith: number | null = null;
  private penSeen = -Infinity;
  private space = false;
  private readonly abort = new AbortController();

  constructor(
    private readonly el: HTMLElement,
    private readonly on: GestureHandler,
  ) {
    const signal = this.abort.signal;
    const listen = <K extends keyof HTMLElementEventMap>(type: K, fn: (e: HTMLElementEventMap[K]) => void, passive = true): void =>
      el.addEventListener(type, fn as EventListener, { signal, passive });
    listen("pointerdown", (e) => this.down(e), false);
    listen("pointermove", (e) => this.move(e));
    listen("pointerup", (e) => this.up(e));
    listen("pointercancel", (e) => this.lost(e));
    listen("pointerleave", () => this.drawing === null && this.on.leave());
    listen("contextmenu", (e) => e.preventDefault(), false);
    listen("wheel", (e) => this.wheel(e), false);
    window.addEventListener("keydown", (e) => { if (e.code === "Space") this.space = true; }, { signal });
    window.addEventListener("keyup", (e) => { if (e.code === "Space") this.space = false; }, { signal });
    window.addEventListener("blur", () => { this.space = false; }, { signal });
  }

  destroy(): void {
    this.abort.abort();
  }

  /** Ends the stroke under way without a word: what the pointer still does until it is lifted draws nothing. */
  drop(): void {
    this.drawing = null;
  }

  private at(e: { clientX: number; clientY: number }): Point {
    const box = this.el.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  }

  private contact(e: PointerEvent): Contact {
    const p = this.at(e);
    const before = this.active.get(e.pointerId) ?? p;
    const events = typeof e.getCoalescedEvents === "function" ? e.getCoalescedEvents() : [];
    const pen = e.pointerType === "pen";
    return {
      ...p,
      type: e.pointerType,
      erase: (pen && (e.buttons & (PEN_ERASER | PEN_BARREL)) !== 0) || (e.pointerType === "mouse" && e.button === 2),
      alt: e.altKey || e.ctrlKey,
      dx: p.x - before.x,
      dy: p.y - before.y,
      path: events.length > 0 ? events.map((c) => this.at(c)) : [p],
    };
  }

  private down(e: PointerEvent): void {
    if (e.target instanceof HTMLElement && e.target.closest("button, input, select, a")) return;
    this.el.focus({ preventScroll: true });
    e.preventDefault();
    try {
      this.el.setPointerCapture(e.pointerId);
    } catch {
      // A pointer that is already gone cannot be captured; its "up" ends the stroke all the same.
    }
    const c = this.contact(e);
    if (e.pointerType === "pen") this.penSeen = e.timeStamp;
    if (this.drawing !== null && e.pointerType === "touch" && this.penDown()) return; // a palm beside the pen
    this.active.set(e.pointerId, { x: c.x, y: c.y });
    if (this.touches() >= 2 && e.pointerType === "touch") {
      if (this.drawing !== null) this.on.cancel();
      this.drawing = null;
      this.panningWith = null;
      return;
    }
    const palm = e.pointerType === "touch" && e.timeStamp - this.penSeen < PALM_MS;
    if (this.on.panning() || this.space || e.button === 1 || palm) {
      this.panningWith = e.pointerId;
      return;
    }
    if (this.drawing === null) {
      this.drawing = e.pointerId;
      this.on.start(c);
    }
  }

  private move(e: PointerEvent): void {
    const c = this.contact(e);
    if (e.pointerType === "pen") this.penSeen = e.timeStamp;
    const before = this.active.get(e.pointerId);
    if (!before) {
      if (e.pointerType !== "touch") this.on.hover(c);
      return;
    }
    if (this.drawing === e.pointerId) {
      this.active.set(e.pointerId, { x: c.x, y: c.y });
      this.on.move(c);
      return;
    }
    if (this.panningWith === e.pointerId) {
      this.on.view((v) => ({ ...v, x: v.x + c.dx, y: v.y + c.dy }));
    } else if (this.active.size === 2) {
      const [a, b] = [...this.active.entries()];
      const from: [Point, Point] = [a![1], b![1]];
      const to: [Point, Point] = [a![0] === e.pointerId ? c : a![1], b![0] === e.pointerId ? c : b![1]];
      this.on.view((v) => pinch(v, from, to, this.on.minScale()));
    }
    this.active.set(e.pointerId, { x: c.x, y: c.y });
  }

  private up(e: PointerEvent): void {
    const c = this.contact(e);
    const mine = this.drawing === e.pointerId;
    this.forget(e.pointerId);
    if (mine) this.on.end(c);
  }

  private lost(e: PointerEvent): void {
    const mine = this.drawing === e.pointerId;
    this.forget(e.pointerId);
    if (mine) this.on.cancel();
  }

  private forget(id: number): void {
    this.active.delete(id);
    if (this.drawing === id) this.drawing = null;
    if (this.panningWith === id) this.panningWith = null;
  }

  private touches(): number {
    return this.active.size;
  }

  private penDown(): boolean {
    return this.penSeen > -Infinity && performance.now() - this.penSeen < PALM_MS;
  }

  private wheel(e: WheelEvent): void {
    e.preventDefault();
    const p = this.at(e);
    if (e.shiftKey) {
      this.on.view((v) => ({ ...v, x: v.x - e.deltaY - e.deltaX, y: v.y }));
      return;
    }
    const step = e.deltaMode === 1 ? e.deltaY * 16 : e.deltaY;
    // A trackpad's pinch arrives as small ctrl+wheel steps.
    const factor = Math.exp(-step * (e.ctrlKey ? 0.01 : 0.0016));
    this.on.view((v) => zoomAt(v, factor, p, this.on.minScale()));
  }
}
