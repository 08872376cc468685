/** Square windows of a frame, as `services/inference/domain/windows.py` has them: cut out, resample, bring back. */
import type { Click, Mask } from "./prompt";
import { resizeBytes, resizeFloats } from "./resize";

/** Interleaved RGB bytes. */
export interface Picture {
  width: number;
  height: number;
  data: Uint8Array;
}

/** A square of values. */
export interface Plane {
  size: number;
  data: Float32Array;
}

interface Part {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** Python's `round`: halves go to the even neighbour. */
export function round(x: number): number {
  const r = Math.round(x);
  return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high);

/** `side` × `side` frame pixels whose top left pixel is (x0, y0); may reach beyond the frame. */
export class Window {
  constructor(
    readonly x0: number,
    readonly y0: number,
    readonly side: number,
  ) {}

  static whole(width: number, height: number): Window {
    const side = Math.max(width, height);
    return new Window(-Math.floor((side - width) / 2), -Math.floor((side - height) / 2), side);
  }

  static around(x0: number, y0: number, x1: number, y1: number, width: number, height: number, least: number): Window {
    const side = Math.ceil(Math.max(x1 - x0, y1 - y0, least));
    if (side >= Math.max(width, height)) return Window.whole(width, height);
    let left = round((x0 + x1 - side) / 2);
    let top = round((y0 + y1 - side) / 2);
    left = side <= width ? clamp(left, 0, width - side) : -Math.floor((side - width) / 2);
    top = side <= height ? clamp(top, 0, height - side) : -Math.floor((side - height) / 2);
    return new Window(left, top, side);
  }

  /** What of the frame the window covers, in frame pixels. */
  part(width: number, height: number): Part {
    return {
      top: Math.max(0, this.y0),
      bottom: Math.min(height, this.y0 + this.side),
      left: Math.max(0, this.x0),
      right: Math.min(width, this.x0 + this.side),
    };
  }

  /** A click's place in a view of `size` × `size`. */
  place(click: Click, size: number): [number, number] {
    return [((click.x - this.x0) * size) / this.side, ((click.y - this.y0) * size) / this.side];
  }

  holds(click: Click): boolean {
    return this.x0 <= click.x && click.x < this.x0 + this.side && this.y0 <= click.y && click.y < this.y0 + this.side;
  }
}

/** The window of the picture as planes R, G, B of size² in [0, 1]; the border is repeated outside. */
export function view(picture: Picture, window: Window, size: number): Float32Array {
  const { top: y0, bottom: y1, left: x0, right: x1 } = window.part(picture.width, picture.height);
  const scale = size / window.side;
  const tall = Math.min(Math.max(1, round((y1 - y0) * scale)), size);
  const wide = Math.min(Math.max(1, round((x1 - x0) * scale)), size);
  const top = Math.min(round((y0 - window.y0) * scale), size - tall);
  const left = Math.min(round((x0 - window.x0) * scale), size - wide);
  const source = { data: picture.data, width: x1 - x0, height: y1 - y0, channels: 3, stride: picture.width, offset: y0 * picture.width + x0 };
  const small = resizeBytes(source, wide, tall, "bilinear");
  const out = new Float32Array(3 * size * size);
  const unit = Math.fround(1 / 255);
  for (let y = 0, o = 0; y < size; y++) {
    const row = clamp(y - top, 0, tall - 1) * wide;
    for (let x = 0; x < size; x++, o++) {
      const p = (row + clamp(x - left, 0, wide - 1)) * 3;
      for (let c = 0; c < 3; c++) out[c * size * size + o] = small[p + c]! * unit;
    }
  }
  return out;
}

/** `plane`, which covers `source`, seen through `target`; zero outside of `source`. */
export function resample(plane: Plane, source: Window, target: Window, size: number): Plane {
  const n = plane.size;
  const scale = n / source.side;
  const x0 = (target.x0 - source.x0) * scale;
  const y0 = (target.y0 - source.y0) * scale;
  const side = target.side * scale;
  const low = Math.floor(Math.min(x0, y0, 0));
  const high = Math.ceil(Math.max(x0 + side, y0 + side, n));
  let { data } = plane;
  let width = n;
  if (low < 0 || high > n) {
    width = high - low;
    data = new Float32Array(width * width);
    for (let y = 0; y < n; y++) data.set(plane.data.subarray(y * n, (y + 1) * n), (y - low) * width - low);
  }
  const box = [x0 - low, y0 - low, x0 - low + side, y0 - low + side] as const;
  return { size, data: resizeFloats(data, width, width, size, size, "bilinear", box) };
}

/** The share of set pixels of a mask in each cell of a view; zero outside of the frame. */
export function cut(mask: Mask, window: Window, size: number): Plane {
  const part = window.part(mask.width, mask.height);
  const scale = size / window.side;
  const [tall, wide] = [part.bottom - part.top, part.right - part.left];
  const out = { size, data: new Float32Array(size * size) };
  if (tall <= 0 || wide <= 0) return out;
  const [row0, row1] = [part.top - window.y0, part.bottom - window.y0];
  const [col0, col1] = [part.left - window.x0, part.right - window.x0];
  const [top, bottom] = [Math.trunc(row0 * scale), Math.min(size, Math.ceil(row1 * scale - 1e-6))];
  const [left, right] = [Math.trunc(col0 * scale), Math.min(size, Math.ceil(col1 * scale - 1e-6))];
  const box = [Math.max(0, left / scale - col0), Math.max(0, top / scale - row0), Math.min(wide, right / scale - col0), Math.min(tall, bottom / scale - row0)] as const;
  const bytes = new Uint8Array(wide * tall);
  for (let y = 0; y < tall; y++) {
    const from = (part.top + y) * mask.width + part.left;
    for (let x = 0; x < wide; x++) bytes[y * wide + x] = mask.data[from + x] ? 255 : 0;
  }
  const [w, h] = [Math.max(1, right - left), Math.max(1, bottom - top)];
  const small = resizeBytes({ data: bytes, width: wide, height: tall, channels: 1 }, w, h, window.side >= size ? "box" : "bilinear", box);
  const unit = Math.fround(1 / 255);
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) out.data[(top + y) * size + left + x] = small[y * w + x]! * unit;
  return out;
}

/** Writes `plane`, which covers `window`, into the frame-sized `out`, bilinear. */
export function paste(out: Float32Array, width: number, height: number, plane: Plane, window: Window): void {
  const { top, bottom, left, right } = window.part(width, height);
  const [tall, wide] = [bottom - top, right - left];
  if (tall <= 0 || wide <= 0) return;
  const scale = plane.size / window.side;
  const box = [(left - window.x0) * scale, (top - window.y0) * scale, (right - window.x0) * scale, (bottom - window.y0) * scale] as const;
  const big = resizeFloats(plane.data, plane.size, plane.size, wide, tall, "bilinear", box);
  for (let y = 0; y < tall; y++) out.set(big.subarray(y * wide, (y + 1) * wide), (top + y) * width + left);
}
