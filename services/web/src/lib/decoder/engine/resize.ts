/**
 * Pillow's resampling (Image.resize with a box), so that a view in the browser holds the same numbers as on the server.
 *
 * Separable, antialiased, horizontal pass first. Bytes: 22-bit fixed point, rounded and clipped after each pass. Floats:
 * sums in double precision, stored as float32 after each pass. Source: Pillow, src/libImaging/Resample.c.
 */
export type Filter = "bilinear" | "box";
/** left, top, right, bottom in pixels of the source; may be fractions. */
export type Box = readonly [number, number, number, number];

interface Kernel {
  /** First source pixel and number of source pixels of each output pixel: `from[i]`, `size[i]`. */
  from: Int32Array;
  size: Int32Array;
  /** `width` weights an output pixel. */
  weights: Float64Array;
  width: number;
}

const BITS = 22;
const SUPPORT: Record<Filter, number> = { bilinear: 1, box: 0.5 };

function weight(filter: Filter, x: number): number {
  if (filter === "box") return x > -0.5 && x <= 0.5 ? 1 : 0;
  const a = Math.abs(x);
  return a < 1 ? 1 - a : 0;
}

function kernel(filter: Filter, source: number, a: number, b: number, target: number): Kernel {
  // The box travels as 32-bit floats in Pillow.
  const in0 = Math.fround(a);
  const scale = Math.fround(Math.fround(b) - in0) / target;
  const stretch = Math.max(1, scale);
  const support = SUPPORT[filter] * stretch;
  const width = Math.ceil(support) * 2 + 1;
  const from = new Int32Array(target);
  const size = new Int32Array(target);
  const weights = new Float64Array(target * width);
  for (let i = 0; i < target; i++) {
    const centre = in0 + (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const n = Math.min(source, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    for (let k = 0; k < n; k++) sum += weights[i * width + k] = weight(filter, (k + first - centre + 0.5) / stretch);
    if (sum !== 0) for (let k = 0; k < n; k++) weights[i * width + k]! /= sum;
    from[i] = first;
    size[i] = n;
  }
  return { from, size, weights, width };
}

function fixed(k: Kernel): Int32Array {
  return Int32Array.from(k.weights, (w) => Math.trunc((w < 0 ? -0.5 : 0.5) + w * (1 << BITS)));
}

const clip = (sum: number): number => {
  const v = sum >> BITS;
  return v < 0 ? 0 : v > 255 ? 255 : v;
};

/** Interleaved bytes, `channels` a pixel. `stride` and `offset` (in pixels) let a part of a larger picture be the source. */
export interface Bytes {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  channels: number;
  stride?: number;
  offset?: number;
}

/** Resampled bytes, `channels` a pixel, `width` × `height`. */
export function resizeBytes(image: Bytes, width: number, height: number, filter: Filter, box?: Box): Uint8Array {
  const { data, channels } = image;
  const stride = (image.stride ?? image.width) * channels;
  const start = (image.offset ?? 0) * channels;
  const [x0, y0, x1, y1] = box ?? [0, 0, image.width, image.height];
  const across = width !== image.width || x0 !== 0 || x1 !== image.width;
  const down = height !== image.height || y0 !== 0 || y1 !== image.height;
  const columns = kernel(filter, image.width, x0, x1, width);
  const rows = kernel(filter, image.height, y0, y1, height);
  const top = down ? rows.from[0]! : 0;
  const bottom = down ? rows.from[height - 1]! + rows.size[height - 1]! : image.height;
  const inner = new Uint8Array(width * (bottom - top) * channels);
  const wx = fixed(columns);
  for (let y = top; y < bottom; y++) {
    const row = start + y * stride;
    let o = (y - top) * width * channels;
    for (let x = 0; x < width; x++) {
      const first = row + (across ? columns.from[x]! : x) * channels;
      const n = across ? columns.size[x]! : 1;
      for (let c = 0; c < channels; c++) {
        if (!across) inner[o++] = data[first + c]!;
        else {
          let sum = 1 << (BITS - 1);
          for (let k = 0, p = first + c, w = x * columns.width; k < n; k++, p += channels) sum += data[p]! * wx[w + k]!;
          inner[o++] = clip(sum);
        }
      }
    }
  }
  if (!down) return inner;
  const out = new Uint8Array(width * height * channels);
  const wy = fixed(rows);
  const line = width * channels;
  for (let y = 0; y < height; y++) {
    const first = (rows.from[y]! - top) * line;
    const n = rows.size[y]!;
    const w = y * rows.width;
    for (let x = 0; x < line; x++) {
      let sum = 1 << (BITS - 1);
      for (let k = 0, p = first + x; k < n; k++, p += line) sum += inner[p]! * wy[w + k]!;
      out[y * line + x] = clip(sum);
    }
  }
  return out;
}

/** Resampled float32 plane, bilinear or box. */
export function resizeFloats(data: Float32Array, sourceWidth: number, sourceHeight: number, width: number, height: number, filter: Filter, box?: Box): Float32Array {
  const [x0, y0, x1, y1] = box ?? [0, 0, sourceWidth, sourceHeight];
  const across = width !== sourceWidth || x0 !== 0 || x1 !== sourceWidth;
  const down = height !== sourceHeight || y0 !== 0 || y1 !== sourceHeight;
  if (!across && !down) return data.slice();
  const columns = kernel(filter, sourceWidth, x0, x1, width);
  const rows = kernel(filter, sourceHeight, y0, y1, height);
  const top = down ? rows.from[0]! : 0;
  const bottom = down ? rows.from[height - 1]! + rows.size[height - 1]! : sourceHeight;
  let inner = data;
  if (across) {
    inner = new Float32Array(width * (bottom - top));
    for (let y = top, o = 0; y < bottom; y++) {
      for (let x = 0; x < width; x++, o++) {
        let sum = 0;
        for (let k = 0, p = y * sourceWidth + columns.from[x]!, w = x * columns.width; k < columns.size[x]!; k++) sum += data[p + k]! * columns.weights[w + k]!;
        inner[o] = sum;
      }
    }
  } else inner = data.subarray(top * width, bottom * width);
  if (!down) return inner === data ? data.slice() : inner;
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const first = (rows.from[y]! - top) * width;
    const n = rows.size[y]!;
    const w = y * rows.width;
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0, p = first + x; k < n; k++, p += width) sum += inner[p]! * rows.weights[w + k]!;
      out[y * width + x] = sum;
    }
  }
  return out;
}
