/**
 * Masks for prompts, from this device where it can and from the server otherwise.
 *
 * The engine (14 MB of WebAssembly and the weights) is loaded in a worker once the canvas has been usable for a moment and the
 * browser is idle; until it is ready, and wherever it can't run or isn't quick, the server answers. A prompt that this device fails
 * at goes to the server, one that the server can't take goes to this device.
 */
import type { BitMask } from "~/lib/canvas/bitmask";
import type { Prompt } from "~/lib/stage/types";
import { Choice, type Place } from "./choice";
import type { ModelSource } from "./protocol";
import { Remote } from "./remote";

export interface Answer {
  mask: BitMask;
  score: number;
}

/** A prompt, and the answer to the clicks before its newest one. */
export interface Question extends Prompt {
  before: BitMask | null;
}

/** What the segmenter needs of the page around it; tests give their own. */
export interface Surroundings {
  /** The default model where it may run in a browser, else null. */
  model: () => Promise<ModelSource | null>;
  /** Asks the server. */
  ask: (imageId: string, question: Question, label: number, signal: AbortSignal) => Promise<Answer>;
  /** A fresh worker of the device's engine; null where this browser can't have one. */
  worker: (() => Worker) | null;
  copy: (picture: ImageBitmap | HTMLCanvasElement) => Promise<ImageBitmap>;
  isOnline: () => boolean;
  /** Calls back when the browser has nothing better to do. */
  whenIdle: (run: () => void) => void;
  now: () => number;
  threads: number;
  /** Whether a GPU may be tried. */
  gpu: () => Promise<boolean>;
  /** Told how long each answer took and where it came from, and what the device took when it was measured. */
  tell: (what: Place | "measured", ms: number) => void;
}

interface Held {
  imageId: string;
  picture: ImageBitmap | HTMLCanvasElement;
  file?: Blob;
  width: number;
  height: number;
}

/** Larger frames stay with the server: the copy alone would cost a tablet its memory. */
const MAX_PIXELS = 24e6;
/** Slower than this on WASM, and a GPU is worth a try. */
const GPU_BELOW_MS = 60;

export class Segmenter {
  private readonly choice = new Choice();
  private device: Remote | null = null;
  private state: "unloaded" | "loading" | "ready" | "off" = "unloaded";
  private held: Held | null = null;

  constructor(private readonly around: Surroundings) {}

  /** Tells which image is being worked on. Loads the engine on the first one, and measures it; never throws, never waits. */
  prepare(imageId: string, frame: { picture: ImageBitmap | HTMLCanvasElement; file?: Blob; width: number; height: number }): void {
    if (this.held?.imageId === imageId && this.held.picture === frame.picture) return;
    this.held = { imageId, ...frame };
    if (this.state === "ready") void this.hand(this.held);
    else if (this.state === "unloaded" && this.around.worker) {
      this.state = "loading";
      this.around.whenIdle(() => void this.start());
    }
  }

  /** Whether this device answers within a moment, so that it may be asked for every place that the pointer rests at. */
  get isLocal(): boolean {
    return this.state === "ready" && this.choice.pick(this.around.isOnline()) === "device";
  }

  /** The mask for a prompt. Throws what the server's client throws, when neither place has an answer. */
  async segment(imageId: string, question: Question, label: number, signal: AbortSignal): Promise<Answer> {
    const place = this.held?.imageId === imageId ? this.choice.pick(this.around.isOnline()) : "server";
    if (place === "device") {
      const found = await this.local(imageId, question, signal);
      if (found) return found;
    }
    try {
      const began = this.around.now();
      const found = await this.around.ask(imageId, question, label, signal);
      this.note("server", this.around.now() - began);
      return found;
    } catch (error) {
      // The server is away or overloaded: a slow answer of this device is better than none.
      if (signal.aborted || place === "device" || this.state !== "ready") throw error;
      const found = await this.local(imageId, question, signal);
      if (!found) throw error;
      return found;
    }
  }

  /** What one click at a place would give, only where that is quick; null otherwise. */
  async preview(imageId: string, question: Question, signal: AbortSignal): Promise<Answer | null> {
    return this.isLocal ? this.local(imageId, question, signal) : null;
  }

  private async local(imageId: string, question: Question, signal: AbortSignal): Promise<Answer | null> {
    const began = this.around.now();
    const found = (await this.device?.segment(imageId, question, signal)) ?? null;
    if (found && !signal.aborted) this.note("device", this.around.now() - began);
    return found;
  }

  private note(place: Place, ms: number): void {
    this.choice.note(place, ms);
    this.around.tell(place, ms);
  }

  private async start(): Promise<void> {
    try {
      const model = await this.around.model();
      if (!model || !this.around.worker) {
        this.state = "off";
        return;
      }
      const made = await this.open(model, "wasm");
      if (!made) return;
      this.adopt(made);
      if (made.ms <= GPU_BELOW_MS || !(await this.around.gpu())) return;
      // A GPU of a phone can be slower than its cores: it is kept only when it was quicker here.
      const other = await this.open(model, "webgpu");
      if (other && other.ms < made.ms) this.adopt(other);
      else other?.device.dispose();
    } catch {
      // No model, no network: the server goes on answering, and the next image tries again.
      if (this.state === "loading") this.state = "unloaded";
    }
  }

  private adopt({ device, ms }: { device: Remote; ms: number }): void {
    this.device?.dispose();
    this.device = device;
    this.choice.forget();
    this.choice.note("device", ms);
    this.around.tell("measured", ms);
    this.state = "ready";
    if (this.held) void this.hand(this.held);
  }

  /** A loaded engine and how long a click in the middle of the image takes it, the second time; null where it can't run. */
  private async open(model: ModelSource, on: "wasm" | "webgpu"): Promise<{ device: Remote; ms: number } | null> {
    const device = new Remote(this.around.worker!(), () => {
      if (this.device !== device) return;
      // It broke in use (memory, a lost GPU): the server answers from here on.
      this.choice.forget();
      this.device = null;
      this.state = "off";
    });
    try {
      await device.load(model, this.around.threads, on);
      const { held } = this;
      if (!held || !(await this.hand(held, device))) throw new Error("no frame to measure with");
      const middle: Question = { points: [{ x: held.width / 2, y: held.height / 2, is_positive: true }], box: null, scribbles: [], before: null };
      let ms = Infinity;
      for (let k = 0; k < 2; k++) {
        const began = this.around.now();
        if (!(await device.segment(held.imageId, middle, new AbortController().signal))) throw new Error("no answer");
        ms = this.around.now() - began;
      }
      return { device, ms };
    } catch {
      device.dispose();
      if (on === "wasm") this.state = "off";
      return null;
    }
  }

  private async hand(held: Held, device = this.device): Promise<boolean> {
    if (!device || held.width * held.height > MAX_PIXELS) return false;
    try {
      device.frame(held.imageId, held.file ?? (await this.around.copy(held.picture)));
      return true;
    } catch {
      return false; // the picture was closed meanwhile: the person is at another image
    }
  }
}
