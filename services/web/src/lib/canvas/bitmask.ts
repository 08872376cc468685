/**
 * A binary mask of `height` × `width` pixels, one bit a pixel.
 *
 * Row-major, origin top left. Each row starts on a new 32-bit word; bit `x & 31` of word `y * stride + (x >> 5)`
 * is pixel (x, y). Invariant: the padding bits behind the last column are zero, so that word-wise operations
 * (count, xor, equality) need no masking.
 */
export interface Rect {
  /** Inclusive left and top, exclusive right and bottom, in pixels of the frame. */
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export class BitMask {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  readonly words: Uint32Array;

  constructor(width: number, height: number, words?: Uint32Array) {
    if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
      throw new RangeError(`A mask needs a positive whole size, not ${width} × ${height}.`);
    }
    this.width = width;
    this.height = height;
    this.stride = (width + 31) >>> 5;
    const expected = this.stride * height;
    if (words && words.length !== expected) {
      throw new RangeError(`A mask of ${width} × ${height} holds ${expected} words, not ${words.length}.`);
    }
    this.words = words ?? new Uint32Array(expected);
  }

  clone(): BitMask {
    return new BitMask(this.width, this.height, this.words.slice());
  }

  get(x: number, y: number): boolean {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return false;
    return ((this.words[y * this.stride + (x >> 5)]! >>> (x & 31)) & 1) === 1;
  }

  set(x: number, y: number, value: boolean): void {
    this.fillSpan(y, x, x + 1, value);
  }

  /** Writes pixels [x0, x1) of row y, but for those that are set in `except`; what lies outside of the mask is clipped. */
  fillSpan(y: number, x0: number, x1: number, value: boolean, except: BitMask | null = null): void {
    if (y < 0 || y >= this.height) return;
    const a = Math.max(0, x0);
    const b = Math.min(this.width, x1);
    if (a >= b) return;
    const row = y * this.stride;
    const first = a >> 5;
    const last = (b - 1) >> 5;
    for (let w = first; w <= last; w++) {
      let m = spanBits(w, first, last, a, b);
      if (except) m &= ~except.words[row + w]!;
      if (value) this.words[row + w]! |= m;
      else this.words[row + w]! &= ~m;
    }
  }

  /** Inverts pixels [x0, x1) of row y, which must lie inside of the mask. */
  flipSpan(y: number, x0: number, x1: number): void {
    if (x0 >= x1) return;
    const row = y * this.stride;
    const first = x0 >> 5;
    const last = (x1 - 1) >> 5;
    for (let w = first; w <= last; w++) this.words[row + w]! ^= spanBits(w, first, last, x0, x1);
  }

  /** Set pixels among the `length` from `start` (row-major) on, which must lie in one row. */
  countSpan(start: number, length: number): number {
    const y = Math.floor(start / this.width);
    const a = start - y * this.width;
    const b = a + length;
    const row = y * this.stride;
    const first = a >> 5;
    const last = (b - 1) >> 5;
    let n = 0;
    for (let w = first; w <= last; w++) n += popcount(this.words[row + w]! & spanBits(w, first, last, a, b));
    return n;
  }

  clear(): void {
    this.words.fill(0);
  }

  isEmpty(): boolean {
    const words = this.words;
    for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
    return true;
  }

  /** Number of pixels that are set. */
  count(): number {
    let n = 0;
    const words = this.words;
    for (let i = 0; i < words.length; i++) n += popcount(words[i]!);
    return n;
  }

  equals(other: BitMask): boolean {
    if (other.width !== this.width || other.height !== this.height) return false;
    for (let i = 0; i < this.words.length; i++) if (this.words[i] !== other.words[i]) return false;
    return true;
  }

  /** Smallest rectangle around the pixels that are set; null for an empty mask. */
  bounds(): Rect | null {
    let x0 = this.width;
    let x1 = 0;
    let y0 = -1;
    let y1 = 0;
    for (let y = 0; y < this.height; y++) {
      const row = y * this.stride;
      let w0 = 0;
      while (w0 < this.stride && this.words[row + w0] === 0) w0++;
      if (w0 === this.stride) continue;
      let w1 = this.stride - 1;
      while (this.words[row + w1] === 0) w1--;
      if (y0 < 0) y0 = y;
      y1 = y + 1;
      const low = this.words[row + w0]!;
      x0 = Math.min(x0, w0 * 32 + (31 - Math.clz32(low & -low)));
      x1 = Math.max(x1, w1 * 32 + 32 - Math.clz32(this.words[row + w1]!));
    }
    return y0 < 0 ? null : { x0, y0, x1, y1 };
  }

  /** One byte a pixel (0 or 1) of the rectangle, row-major. */
  toBytes(rect: Rect = { x0: 0, y0: 0, x1: this.width, y1: this.height }): Uint8Array {
    const w = rect.x1 - rect.x0;
    const out = new Uint8Array(w * (rect.y1 - rect.y0));
    let o = 0;
    for (let y = rect.y0; y < rect.y1; y++) {
      const row = y * this.stride;
      for (let x = rect.x0; x < rect.x1; x++) out[o++] = (this.words[row + (x >> 5)]! >>> (x & 31)) & 1;
    }
    return out;
  }

  static fromBytes(width: number, height: number, bytes: ArrayLike<number>): BitMask {
    const mask = new BitMask(width, height);
    if (bytes.length !== width * height) throw new RangeError("One byte a pixel is expected.");
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) if (bytes[y * width + x]) mask.words[y * mask.stride + (x >> 5)]! |= 1 << (x & 31);
    }
    return mask;
  }

  private sameSize(other: BitMask): void {
    if (other.width !== this.width || other.height !== this.height) throw new RangeError("Masks differ in size.");
  }

  or(other: BitMask): void {
    this.sameSize(other);
    for (let i = 0; i < this.words.length; i++) this.words[i]! |= other.words[i]!;
  }

  and(other: BitMask): void {
    this.sameSize(other);
    for (let i = 0; i < this.words.length; i++) this.words[i]! &= other.words[i]!;
  }

  andNot(other: BitMask): void {
    this.sameSize(other);
    for (let i = 0; i < this.words.length; i++) this.words[i]! &= ~other.words[i]!;
  }

  copyFrom(other: BitMask): void {
    this.sameSize(other);
    this.words.set(other.words);
  }
}

function spanBits(w: number, first: number, last: number, a: number, b: number): number {
  let m = 0xffffffff;
  if (w === first) m &= 0xffffffff << (a & 31);
  if (w === last) m &= 0xffffffff >>> (31 - ((b - 1) & 31));
  return m;
}

/** Bits set in a 32-bit word (Hacker's Delight, 5-1). */
export function popcount(v: number): number {
  let x = v - ((v >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return (Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24) & 0x3f;
}

/** Dice of two masks of one size; 1 when both are empty. */
export function dice(a: BitMask, b: BitMask): number {
  let both = 0;
  for (let i = 0; i < a.words.length; i++) both += popcount(a.words[i]! & b.words[i]!);
  const sum = a.count() + b.count();
  return sum === 0 ? 1 : (2 * both) / sum;
}

export function unionRect(a: Rect | null, b: Rect | null): Rect | null {
  if (!a) return b;
  if (!b) return a;
  return { x0: Math.min(a.x0, b.x0), y0: Math.min(a.y0, b.y0), x1: Math.max(a.x1, b.x1), y1: Math.max(a.y1, b.y1) };
}

export function clipRect(r: Rect, width: number, height: number): Rect | null {
  const out = { x0: Math.max(0, r.x0), y0: Math.max(0, r.y0), x1: Math.min(width, r.x1), y1: Math.min(height, r.y1) };
  return out.x0 < out.x1 && out.y0 < out.y1 ? out : null;
}
