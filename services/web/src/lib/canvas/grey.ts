/** The red channel where a pixel is grey, else its luma; `out` is as long as there are pixels in `rgba`. */
export function greyOf(rgba: Uint8ClampedArray, out: Uint8Array): void {
  for (let i = 0, p = 0; i < out.length; i++, p += 4) {
    const r = rgba[p]!;
    const g = rgba[p + 1]!;
    const b = rgba[p + 2]!;
    out[i] = r === g && g === b ? r : Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }
}

/** How often each grey value occurs. */
export function histogramOf(grey: Uint8Array): Uint32Array<ArrayBuffer> {
  const counts = new Uint32Array(256);
  for (let i = 0; i < grey.length; i++) counts[grey[i]!]!++;
  return counts;
}
