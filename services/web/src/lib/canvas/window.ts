/** Display only: how stored grey values become brightness. The frame itself is never changed. */
export interface Display {
  /** Centre and width of the shown range, in stored grey values 0–255. */
  level: number;
  width: number;
  gamma: number;
  invert: boolean;
}

export const PLAIN: Display = { level: 127.5, width: 255, gamma: 1, invert: false };

export function isPlain(d: Display): boolean {
  return d.level === PLAIN.level && d.width === PLAIN.width && d.gamma === 1 && !d.invert;
}

/** Brightness of each of the 256 grey values. */
export function lookup(d: Display): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256);
  const width = Math.max(1, d.width);
  const low = d.level - width / 2;
  for (let v = 0; v < 256; v++) {
    const t = Math.pow(Math.min(1, Math.max(0, (v - low) / width)), 1 / Math.max(0.05, d.gamma));
    table[v] = Math.round((d.invert ? 1 - t : t) * 255);
  }
  return table;
}

/** Range that leaves out the darkest and the brightest percent: the preset "auto". */
export function autoWindow(grey: Uint8Array): Pick<Display, "level" | "width"> {
  const histogram = new Uint32Array(256);
  for (let i = 0; i < grey.length; i++) histogram[grey[i]!]!++;
  // Background of medical frames is often one flat value at zero; it says nothing of the range that matters.
  const total = grey.length - histogram[0]!;
  if (total === 0) return { level: PLAIN.level, width: PLAIN.width };
  const cut = total * 0.01;
  let low = 1;
  let high = 255;
  for (let n = 0; low < 255 && (n += histogram[low]!) <= cut; ) low++;
  for (let n = 0; high > low && (n += histogram[high]!) <= cut; ) high--;
  return { level: (low + high) / 2, width: Math.max(8, high - low) };
}
