import { BitMask, type Rect, clipRect, unionRect } from "./bitmask";
import { type Delta, type Edit, History, diff, growth, toggle } from "./history";
import * as morphology from "./morphology";
import { type Point, capsuleRect, capsuleSpans, polygonSpans } from "./shapes";

/** Grey values of the frame, one byte a pixel, row-major; what the threshold brush looks at. */
export interface GreyFrame {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Grey values within `tolerance` of the pixel under a place, or of the one nearest to it. */
export function rangeAt(frame: GreyFrame, at: Point, tolerance: number): NonNullable<StrokeOptions["range"]> {
  const x = Math.min(frame.width - 1, Math.max(0, Math.floor(at.x)));
  const y = Math.min(frame.height - 1, Math.max(0, Math.floor(at.y)));
  const v = frame.data[y * frame.width + x]!;
  return { frame, low: v - tolerance, high: v + tolerance };
}

export interface StrokeOptions {
  erase: boolean;
  /** Paint leaves the other labels alone. */
  protect?: boolean;
  /** Only pixels whose grey value lies in [low, high] take paint. */
  range?: { frame: GreyFrame; low: number; high: number };
}

export interface Change {
  /** Labels whose pixels changed, with the rectangle to draw again. */
  dirty: { label: number; rect: Rect }[];
}

/**
 * The masks of one image, a layer for each label, and every way to change them.
 *
 * Pure: nothing here knows a screen, a server or a store. A stroke is begun, extended and committed; everything
 * else is one edit. Each edit can be undone.
 */
export class MaskDocument {
  readonly width: number;
  readonly height: number;
  readonly labels: readonly number[];
  private readonly layers = new Map<number, BitMask>();
  private readonly areas = new Map<number, number>();
  private readonly history: History;
  private stroke: { label: number; rect: Rect | null; options: StrokeOptions; blocked: BitMask | null } | null = null;
  /** The layer at work as it was before; rows are copied only once a stroke comes near them. One for all strokes: 2 MB at 4096². */
  private readonly before: BitMask;
  private copied: { y0: number; y1: number } | null = null;
  /** Grows with every committed change; lets a store know what it has saved. */
  revision = 0;

  constructor(width: number, height: number, labels: readonly number[], history = new History()) {
    this.width = width;
    this.height = height;
    this.labels = labels;
    this.history = history;
    this.before = new BitMask(width, height);
    for (const label of labels) this.layers.set(label, new BitMask(width, height));
  }

  layer(label: number): BitMask {
    const layer = this.layers.get(label);
    if (!layer) throw new RangeError(`There is no label ${label} in this project.`);
    return layer;
  }

  /** Pixels of a label, kept in step with every committed edit: nobody has to count a large frame for a small stroke. */
  area(label: number): number {
    return this.areas.get(label) ?? 0;
  }

  get canUndo(): boolean {
    return this.history.canUndo;
  }

  get canRedo(): boolean {
    return this.history.canRedo;
  }

  isEmpty(): boolean {
    return this.stroke === null ? this.labels.every((l) => this.area(l) === 0) : this.labels.every((l) => this.layer(l).isEmpty());
  }

  /** Puts masks in place without a history: a draft, a journal, a gold mask. Labels left out become empty. */
  load(masks: readonly { label: number; mask: BitMask }[]): void {
    for (const label of this.labels) this.layer(label).clear();
    for (const { label, mask } of masks) if (this.layers.has(label)) this.layer(label).copyFrom(mask);
    for (const label of this.labels) this.areas.set(label, this.layer(label).count());
    this.history.clear();
    this.stroke = null;
    this.revision++;
  }

  begin(label: number, options: StrokeOptions): void {
    if (this.stroke) this.commit();
    this.layer(label); // throws where there is no such label
    this.copied = null;
    let blocked: BitMask | null = null;
    if (options.protect && !options.erase) {
      blocked = new BitMask(this.width, this.height);
      for (const other of this.labels) if (other !== label) blocked.or(this.layer(other));
    }
    this.stroke = { label, rect: null, options, blocked };
  }

  /** Copies rows [y0, y1) of the layer, and those between them and what is copied already, before they are painted on. */
  private keepRows(layer: BitMask, y0: number, y1: number): void {
    const { copied, before } = this;
    const copy = (a: number, b: number): void => before.words.set(layer.words.subarray(a * layer.stride, b * layer.stride), a * layer.stride);
    if (!copied) copy(y0, y1);
    else {
      if (y0 < copied.y0) copy(y0, copied.y0);
      if (y1 > copied.y1) copy(copied.y1, y1);
    }
    this.copied = { y0: Math.min(y0, copied?.y0 ?? y0), y1: Math.max(y1, copied?.y1 ?? y1) };
  }

  /** Adds the capsule from a to b to the open stroke; gives the rectangle to draw again. */
  extend(a: Point, b: Point, radius: number): Rect | null {
    const stroke = this.stroke;
    if (!stroke) return null;
    const rect = capsuleRect(a, b, radius, this.width, this.height);
    if (!rect) return null;
    const layer = this.layer(stroke.label);
    this.keepRows(layer, rect.y0, rect.y1);
    capsuleSpans(a, b, radius, (y, x0, x1) => this.paintSpan(layer, y, x0, x1));
    stroke.rect = unionRect(stroke.rect, rect);
    return rect;
  }

  private paintSpan(layer: BitMask, y: number, from: number, to: number): void {
    const { options, blocked } = this.stroke!;
    const { range } = options;
    if (!range) {
      layer.fillSpan(y, from, to, !options.erase, blocked);
      return;
    }
    if (y < 0 || y >= this.height) return;
    const x0 = Math.max(0, from);
    const x1 = Math.min(this.width, to);
    let start = -1;
    for (let x = x0; x <= x1; x++) {
      const grey = x < x1 ? range.frame.data[y * this.width + x]! : Infinity;
      const ok = grey >= range.low && grey <= range.high;
      if (ok && start < 0) start = x;
      if (!ok && start >= 0) {
        layer.fillSpan(y, start, x, !options.erase, blocked);
        start = -1;
      }
    }
  }

  /** Ends the open stroke and writes it to the history; null where it changed nothing. */
  commit(): Change | null {
    const stroke = this.stroke;
    this.stroke = null;
    if (!stroke?.rect) return null;
    const delta = diff(stroke.label, this.before, this.layer(stroke.label), stroke.rect);
    return delta ? this.record([delta]) : null;
  }

  /** Takes back the open stroke, as when a second finger turns it into a pinch. */
  cancel(): Change | null {
    const stroke = this.stroke;
    this.stroke = null;
    if (!stroke?.rect) return null;
    const layer = this.layer(stroke.label);
    const { y0, y1 } = stroke.rect;
    layer.words.set(this.before.words.subarray(y0 * layer.stride, y1 * layer.stride), y0 * layer.stride);
    return { dirty: [{ label: stroke.label, rect: stroke.rect }] };
  }

  /** One edit of a whole layer, by a function that changes the mask in place. */
  edit(label: number, change: (mask: BitMask) => void): Change | null {
    if (this.stroke) this.commit();
    const layer = this.layer(label);
    this.before.copyFrom(layer);
    change(layer);
    const delta = diff(label, this.before, layer, this.all());
    return delta ? this.record([delta]) : null;
  }

  polygon(label: number, points: readonly Point[], options: StrokeOptions): Change | null {
    this.begin(label, options);
    const layer = this.layer(label);
    const ys = points.map((p) => p.y);
    const rect = clipRect({ x0: 0, y0: Math.floor(Math.min(...ys)), x1: this.width, y1: Math.ceil(Math.max(...ys)) + 1 }, this.width, this.height);
    if (rect) {
      this.keepRows(layer, rect.y0, rect.y1);
      polygonSpans(points, this.height, (y, x0, x1) => this.paintSpan(layer, y, x0, x1));
    }
    this.stroke!.rect = rect;
    return this.commit();
  }

  fillHoles(label: number): Change | null {
    return this.edit(label, morphology.fillHoles);
  }

  keepLargest(label: number): Change | null {
    return this.edit(label, morphology.keepLargest);
  }

  smooth(label: number): Change | null {
    return this.edit(label, morphology.smooth);
  }

  clearLabel(label: number): Change | null {
    return this.edit(label, (m) => m.clear());
  }

  /** Empties every label in one edit. */
  clearAll(): Change | null {
    const deltas: Delta[] = [];
    for (const label of this.labels) {
      const layer = this.layer(label);
      this.before.copyFrom(layer);
      layer.clear();
      const delta = diff(label, this.before, layer, this.all());
      if (delta) deltas.push(delta);
    }
    return deltas.length > 0 ? this.record(deltas) : null;
  }

  /** Adds a mask (a prompt's answer, a proposal) to a label, takes it away, or puts it in the label's place. */
  merge(label: number, mask: BitMask, how: "add" | "subtract" | "replace"): Change | null {
    return this.edit(label, (layer) => {
      if (how === "add") layer.or(mask);
      else if (how === "subtract") layer.andNot(mask);
      else layer.copyFrom(mask);
    });
  }

  /** Adds masks to several labels in one edit, so that one undo takes them all back; labels that are not here are left out. */
  mergeAll(masks: readonly { label: number; mask: BitMask }[]): Change | null {
    if (this.stroke) this.commit();
    const deltas: Delta[] = [];
    for (const { label, mask } of masks) {
      const layer = this.layers.get(label);
      if (!layer) continue;
      this.before.copyFrom(layer);
      layer.or(mask);
      const delta = diff(label, this.before, layer, this.all());
      if (delta) deltas.push(delta);
    }
    return deltas.length > 0 ? this.record(deltas) : null;
  }

  undo(): Change | null {
    if (this.stroke) this.commit();
    return this.apply(this.history.undo());
  }

  redo(): Change | null {
    return this.apply(this.history.redo());
  }

  private record(edit: Edit): Change {
    this.history.push(edit);
    this.measure(edit);
    return dirtyOf(edit);
  }

  private apply(edit: Edit | null): Change | null {
    if (!edit) return null;
    for (const delta of edit) toggle(this.layer(delta.label), delta);
    this.measure(edit);
    return dirtyOf(edit);
  }

  private measure(edit: Edit): void {
    for (const delta of edit) this.areas.set(delta.label, this.area(delta.label) + growth(this.layer(delta.label), delta));
    this.revision++;
  }

  private all(): Rect {
    return { x0: 0, y0: 0, x1: this.width, y1: this.height };
  }
}

function dirtyOf(edit: Edit): Change {
  return { dirty: edit.map((d) => ({ label: d.label, rect: d.rect })) };
}
