import { histogramOf } from "./grey";

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

type Range = Pick<Display, "level" | "width">;

const counted = new WeakMap<Uint8Array, Uint32Array>();

/** How often each grey value occurs; counted once for a frame. */
function histogram(grey: Uint8Array): Uint32Array {
  let found = counted.get(grey);
  if (!found) {
    found = histogramOf(grey);
    counted.set(grey, found);
  }
  return found;
}

/** Takes over what was counted elsewhere: a large frame's values are read, and counted, in a worker. */
export function noteHistogram(grey: Uint8Array, counts: Uint32Array): void {
  counted.set(grey, counts);
}

/** Range between two shares (0–1) of the pixels that are not black; the whole range for a frame that is all black. */
function between(grey: Uint8Array, from: number, to: number): Range {
  const n = histogram(grey);
  // Background of medical frames is often one flat value at zero; it says nothing of the range that matters.
  const total = grey.length - n[0]!;
  if (total === 0) return { level: PLAIN.level, width: PLAIN.width };
  let low = 1;
  let high = 255;
  for (let k = 0; low < 255 && (k += n[low]!) <= total * from; ) low++;
  for (let k = 0; high > low && (k += n[high]!) <= total * (1 - to); ) high--;
  return { level: (low + high) / 2, width: Math.max(8, high - low) };
}

/** Range that leaves out the darkest and the brightest percent: the preset "auto". */
export function autoWindow(grey: Uint8Array): Range {
  return between(grey, 0.01, 0.99);
}

/** Ranges to choose with one press, from the frame's own grey values: what a fixed number would show depends on the scanner. */
export const PRESETS = ["full", "auto", "dark", "middle", "bright"] as const;
export type Preset = (typeof PRESETS)[number];

export function preset(name: Preset, grey: Uint8Array): Range {
  if (name === "full") return { level: PLAIN.level, width: PLAIN.width };
  if (name === "auto") return autoWindow(grey);
  if (name === "dark") return between(grey, 0, 0.5);
  if (name === "middle") return between(grey, 0.2, 0.8);
  return between(grey, 0.5, 1);
}

/** The preset that a display shows; null for one of the person's own. */
export function presetOf(display: Display, grey: Uint8Array): Preset | null {
  return PRESETS.find((p) => {
    const r = preset(p, grey);
    return r.level === display.level && r.width === display.width;
  }) ?? null;
}

/** The preset after the one that is shown, and from a range of one's own the first. */
export function nextPreset(display: Display, grey: Uint8Array): Preset {
  const at = presetOf(display, grey);
  // Two presets can be the same range on a frame of few values: the next one that looks different.
  for (let k = 1; k <= PRESETS.length; k++) {
    const name = PRESETS[((at === null ? -1 : PRESETS.indexOf(at)) + k) % PRESETS.length]!;
    const r = preset(name, grey);
    if (r.level !== display.level || r.width !== display.width) return name;
  }
  return "full";
}

/** Level and width after a drag over the picture, in CSS pixels: up is brighter, to the right is softer. */
export function dragged(display: Display, dx: number, dy: number): Display {
  const clamp = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v));
  return { ...display, level: clamp(display.level - dy * 0.6, 0, 255), width: clamp(display.width + dx * 0.8, 4, 400) };
}
