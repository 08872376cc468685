/** Clicks, strokes and boxes drawn into a view, as `services/inference/domain/{classical,interact}.py` draw them. */
import { type Click, type EnginePrompt, clicks } from "./prompt";
import { type Window, round } from "./windows";

const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high);

/** Calls `paint` for the pixels within `radius` of (x, y), and for the one under it in any case. */
export function disk(x: number, y: number, size: number, radius: number, paint: (p: number) => void): void {
  if (!(x >= 0 && x <= size && y >= 0 && y <= size)) return;
  const [r0, r1] = [Math.max(0, Math.trunc(y - radius)), Math.min(size, Math.trunc(y + radius) + 2)];
  const [c0, c1] = [Math.max(0, Math.trunc(x - radius)), Math.min(size, Math.trunc(x + radius) + 2)];
  for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) if ((r + 0.5 - y) ** 2 + (c + 0.5 - x) ** 2 <= radius ** 2) paint(r * size + c);
  paint(under(x, y, size));
}

/** The pixel under a place of a view. */
export const under = (x: number, y: number, size: number): number => Math.min(Math.trunc(y), size - 1) * size + Math.min(Math.trunc(x), size - 1);

/** Seeds of the clicks that `take` says; of two that meet, the later one wins. */
export function seeds(marks: readonly Click[], window: Window, size: number, radius: number): [Uint8Array, Uint8Array] {
  const positive = new Uint8Array(size * size);
  const negative = new Uint8Array(size * size);
  for (const click of marks) {
    const [mine, other] = click.positive ? [positive, negative] : [negative, positive];
    disk(...window.place(click, size), size, radius, (p) => {
      mine[p] = 1;
      other[p] = 0;
    });
  }
  return [positive, negative];
}

/** One byte a pixel: 1 outside of the prompt's box; nothing without a box. */
export function outsideBox(box: EnginePrompt["box"], window: Window, size: number): Uint8Array {
  const out = new Uint8Array(size * size);
  if (!box) return out;
  const scale = size / window.side;
  const [x0, y0, x1, y1] = [(box[0] - window.x0) * scale, (box[1] - window.y0) * scale, (box[2] - window.x0) * scale, (box[3] - window.y0) * scale];
  const [r0, c0] = [clamp(Math.trunc(y0), 0, size - 1), clamp(Math.trunc(x0), 0, size - 1)];
  const [r1, c1] = [Math.max(r0 + 1, Math.ceil(y1)), Math.max(c0 + 1, Math.ceil(x1))];
  for (let r = 0, p = 0; r < size; r++) for (let c = 0; c < size; c++, p++) out[p] = r >= r0 && r < r1 && c >= c0 && c < c1 ? 0 : 1;
  return out;
}

/** Four planes of size²: positive disks, negative disks, filled box, previous probability. */
export function promptPlanes(prompt: EnginePrompt, window: Window, previous: Float32Array | null, radius: number, size: number): Float32Array {
  const n = size * size;
  const out = new Float32Array(4 * n);
  const all = clicks(prompt);
  const thin = all.length - prompt.points.length;
  all.forEach((click, i) => {
    if (!window.holds(click)) return;
    const [mine, other] = click.positive ? [0, n] : [n, 0];
    disk(...window.place(click, size), size, i < thin ? 1.6 : radius, (p) => {
      out[mine + p] = 1;
      out[other + p] = 0;
    });
  });
  if (prompt.box) {
    const scale = size / window.side;
    const [c0, r0, c1, r1] = [(prompt.box[0] - window.x0) * scale, (prompt.box[1] - window.y0) * scale, (prompt.box[2] - window.x0) * scale, (prompt.box[3] - window.y0) * scale];
    const [top, left] = [Math.max(0, Math.min(round(r0), size - 2)), Math.max(0, Math.min(round(c0), size - 2))];
    const [bottom, right] = [Math.min(size, Math.max(top + 2, round(r1))), Math.min(size, Math.max(left + 2, round(c1)))];
    for (let r = top; r < bottom; r++) out.fill(1, 2 * n + r * size + left, 2 * n + r * size + right);
  }
  if (previous) out.set(previous, 3 * n);
  return out;
}

/** Where a probability is over a half. A loop: `Uint8Array.from` walks an iterator, which takes ten times as long. */
export function likely(prob: Float32Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(prob.length);
  for (let p = 0; p < out.length; p++) if (prob[p]! > 0.5) out[p] = 1;
  return out;
}
