/** What the page and the decoder's worker say to one another. */
import type { Tuning } from "./engine/interact";

export interface ModelSource {
  name: string;
  version: string;
  url: string;
  tuning: Tuning;
}

export interface PromptMessage {
  points: { x: number; y: number; is_positive: boolean }[];
  box: [number, number, number, number] | null;
  scribbles: { points: (readonly [number, number])[]; is_positive: boolean }[];
  /** Words of a `BitMask` of the frame's size. */
  mask: Uint32Array | null;
}

export type ToWorker =
  | { kind: "load"; model: ModelSource; threads: number; device: "wasm" | "webgpu" }
  /** A picture is the worker's from then on; a file it decodes itself. */
  | { kind: "frame"; key: string; picture: ImageBitmap | Blob }
  | { kind: "segment"; id: number; key: string; prompt: PromptMessage }
  /** Work that nobody waits for any more. */
  | { kind: "drop"; id: number };

export type FromWorker =
  | { kind: "ready"; ms: number }
  /** The worker can't do its work; it must be let go. */
  | { kind: "broken"; reason: string }
  | { kind: "answer"; id: number; width: number; height: number; words: Uint32Array; score: number; ms: number }
  /** No answer: the prompt was dropped, its frame isn't here, or it is none that the engine takes. */
  | { kind: "none"; id: number };
