import { BitMask, type Rect } from "./bitmask";

/** What one edit changed in one layer: pairs of (first pixel in row-major order, length), to be inverted. */
export interface Delta {
  label: number;
  runs: Uint32Array;
  rect: Rect;
}

/** Undoing and redoing are the same: inverting the runs. */
export type Edit = readonly Delta[];

/** Runs where `before` and `after` differ inside of `rect`; null where they do not. */
export function diff(label: number, before: BitMask, after: BitMask, rect: Rect): Delta | null {
  const { width, stride } = after;
  const runs: number[] = [];
  let y0 = -1;
  let y1 = 0;
  let x0 = width;
  let x1 = 0;
  const w0 = rect.x0 >> 5;
  const w1 = (rect.x1 - 1) >> 5;
  for (let y = rect.y0; y < rect.y1; y++) {
    const row = y * stride;
    let start = -1;
    for (let w = w0; w <= w1; w++) {
      const changed = (before.words[row + w]! ^ after.words[row + w]!) >>> 0;
      const base = w * 32;
      if (changed === 0) {
        if (start >= 0) start = close(y, start, base);
        continue;
      }
      if (changed === 0xffffffff) {
        if (start < 0) start = base;
        continue;
      }
      for (let b = 0; b < 32; b++) {
        const on = ((changed >>> b) & 1) === 1;
        if (on && start < 0) start = base + b;
        else if (!on && start >= 0) start = close(y, start, base + b);
      }
    }
    if (start >= 0) close(y, start, Math.min(width, (w1 + 1) * 32));
  }
  return runs.length === 0 ? null : { label, runs: Uint32Array.from(runs), rect: { x0, y0, x1, y1 } };

  function close(y: number, start: number, end: number): -1 {
    runs.push(y * width + start, end - start);
    if (y0 < 0) y0 = y;
    y1 = y + 1;
    x0 = Math.min(x0, start);
    x1 = Math.max(x1, end);
    return -1;
  }
}

/** Pixels that the mask, as it is after the edit, has more than before; looks only at what changed. */
export function growth(mask: BitMask, delta: Delta): number {
  let n = 0;
  for (let i = 0; i < delta.runs.length; i += 2) {
    const length = delta.runs[i + 1]!;
    n += 2 * mask.countSpan(delta.runs[i]!, length) - length;
  }
  return n;
}

export function toggle(mask: BitMask, delta: Delta): void {
  for (let i = 0; i < delta.runs.length; i += 2) {
    const p = delta.runs[i]!;
    const y = Math.floor(p / mask.width);
    const x = p - y * mask.width;
    mask.flipSpan(y, x, x + delta.runs[i + 1]!);
  }
}

/** Undo and redo, bounded by bytes rather than by steps: a stroke costs about eight bytes a row it crosses. */
export class History {
  private readonly past: Edit[] = [];
  private readonly future: Edit[] = [];
  private bytes = 0;

  constructor(private readonly budget = 32 * 1024 * 1024) {}

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  push(edit: Edit): void {
    for (const dropped of this.future) this.bytes -= cost(dropped);
    this.future.length = 0;
    this.past.push(edit);
    this.bytes += cost(edit);
    while (this.bytes > this.budget && this.past.length > 1) this.bytes -= cost(this.past.shift()!);
  }

  undo(): Edit | null {
    const edit = this.past.pop();
    if (!edit) return null;
    this.future.push(edit);
    return edit;
  }

  redo(): Edit | null {
    const edit = this.future.pop();
    if (!edit) return null;
    this.past.push(edit);
    return edit;
  }

  clear(): void {
    this.past.length = 0;
    this.future.length = 0;
    this.bytes = 0;
  }
}

function cost(edit: Edit): number {
  return edit.reduce((n, d) => n + d.runs.byteLength, 0);
}
