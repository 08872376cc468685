import { BitMask } from "./bitmask";

/**
 * COCO run lengths: column-major, the first run counts zeros, compressed to text as pycocotools does it, byte for
 * byte. `size` is [height, width].
 */
export interface Rle {
  size: [number, number];
  counts: string;
}

export class RleError extends Error {
  override name = "RleError";
}

/** Run lengths of a mask in column-major order, zeros first; sums to height × width. */
export function countsOf(mask: BitMask): number[] {
  const { width, height, stride, words } = mask;
  const counts: number[] = [];
  let value = 0;
  let run = 0;
  for (let block = 0; block < stride; block++) {
    const columns = Math.min(32, width - block * 32);
    let any = 0;
    let all = 0xffffffff;
    for (let y = 0, i = block; y < height; y++, i += stride) {
      any |= words[i]!;
      all &= words[i]!;
    }
    // Most columns of a mask are untouched: 32 of them are one addition.
    if (any === 0 || (all === -1 && columns === 32)) {
      const bit = any === 0 ? 0 : 1;
      if (bit !== value) {
        counts.push(run);
        run = 0;
        value = bit;
      }
      run += height * columns;
      continue;
    }
    for (let c = 0; c < columns; c++) {
      for (let y = 0, i = block; y < height; y++, i += stride) {
        const bit = (words[i]! >>> c) & 1;
        if (bit !== value) {
          counts.push(run);
          run = 0;
          value = bit;
        }
        run++;
      }
    }
  }
  counts.push(run);
  return counts;
}

/** Text form of run lengths: differences to the run two back, six bits a character from code 48. */
export function countsToString(counts: readonly number[]): string {
  const chars: number[] = [];
  for (let i = 0; i < counts.length; i++) {
    let x = counts[i]!;
    if (i > 2) x -= counts[i - 2]!;
    let more = true;
    while (more) {
      let c = x & 0x1f;
      x >>= 5;
      more = (c & 0x10) !== 0 ? x !== -1 : x !== 0;
      if (more) c |= 0x20;
      chars.push(c + 48);
    }
  }
  let text = "";
  for (let i = 0; i < chars.length; i += 8192) text += String.fromCharCode(...chars.slice(i, i + 8192));
  return text;
}

export function stringToCounts(text: string): number[] {
  const counts: number[] = [];
  let p = 0;
  while (p < text.length) {
    let x = 0;
    let k = 0;
    let more = true;
    while (more) {
      if (p >= text.length) throw new RleError("The mask's run lengths end in the middle of a number.");
      const c = text.charCodeAt(p++) - 48;
      if (c < 0 || c > 63) throw new RleError("The mask's run lengths hold a character that cannot be there.");
      if (k > 6) throw new RleError("The mask's run lengths hold a number that is too large.");
      x |= (c & 0x1f) << (5 * k);
      more = (c & 0x20) !== 0;
      k++;
      if (!more && (c & 0x10) !== 0 && 5 * k < 32) x |= -1 << (5 * k);
    }
    if (counts.length > 2) x += counts[counts.length - 2]!;
    if (x < 0) throw new RleError("The mask's run lengths hold a negative length.");
    counts.push(x);
  }
  return counts;
}

export function encode(mask: BitMask): Rle {
  return { size: [mask.height, mask.width], counts: countsToString(countsOf(mask)) };
}

/** Raises RleError where the runs do not add up to height × width. */
export function decode(rle: Rle): BitMask {
  const [height, width] = rle.size;
  const counts = stringToCounts(rle.counts);
  const mask = new BitMask(width, height);
  const total = width * height;
  let p = 0;
  for (let i = 0; i < counts.length; i++) {
    const end = p + counts[i]!;
    if (end > total) throw new RleError("The mask's run lengths are longer than the image.");
    if (i % 2 === 1) {
      let x = Math.floor(p / height);
      let y = p - x * height;
      while (p < end) {
        const stop = Math.min(height, y + end - p);
        const bit = 1 << (x & 31);
        for (let j = y * mask.stride + (x >> 5), n = y; n < stop; n++, j += mask.stride) mask.words[j]! |= bit;
        p += stop - y;
        x++;
        y = 0;
      }
    }
    p = end;
  }
  if (p !== total) throw new RleError("The mask's run lengths are shorter than the image.");
  return mask;
}
