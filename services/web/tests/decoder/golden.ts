import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import type { Rle } from "~/lib/canvas/rle";
import type { Tuning } from "~/lib/decoder/engine/interact";

/** An array as `tools/make_segment_golden.py` packs it. */
export interface Packed {
  shape: number[];
  dtype: string;
  data: string;
}

export interface Case {
  points: { x: number; y: number; is_positive: boolean }[];
  box: [number, number, number, number] | null;
  scribbles: { points: [number, number][]; is_positive: boolean }[];
  mask: Rle | null;
  answer: Rle;
  score: number;
}

export interface Golden {
  weights: string;
  tuning: Tuning;
  parts: {
    frame: Packed;
    mask: Packed;
    plane: Packed;
    windows: { window: { x0: number; y0: number; side: number }; other: { x0: number; y0: number; side: number }; view: Packed; cut: Packed; resample: Packed; paste: Packed }[];
    walk: Record<"image" | "prior" | "gamma" | "out", Packed>;
  };
  frames: { image: Packed; cases: Case[] }[];
}

export const golden = JSON.parse(readFileSync(new URL("../golden/segment.json", import.meta.url), "utf8")) as Golden;

const raw = (p: Packed): Uint8Array => new Uint8Array(inflateSync(Buffer.from(p.data, "base64")));
export const bytes = raw;
export const floats = (p: Packed): Float32Array => new Float32Array(raw(p).buffer);
