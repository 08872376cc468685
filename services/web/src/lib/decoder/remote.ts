import { BitMask } from "~/lib/canvas/bitmask";
import type { FromWorker, ModelSource, ToWorker } from "./protocol";
import type { Answer, Question } from "./segmenter";

/** The page's side of one decoder worker. */
export class Remote {
  private next = 1;
  private readonly waiting = new Map<number, (answer: Answer | null) => void>();
  private loaded: { resolve: () => void; reject: (e: Error) => void } | null = null;

  constructor(
    private readonly worker: Worker,
    private readonly onBroken: () => void,
  ) {
    worker.onmessage = (event: MessageEvent<FromWorker>) => this.hear(event.data);
    worker.onerror = () => this.break("The decoder's worker failed.");
  }

  load(model: ModelSource, threads: number, device: "wasm" | "webgpu"): Promise<void> {
    return new Promise((resolve, reject) => {
      this.loaded = { resolve, reject };
      this.post({ kind: "load", model, threads, device });
    });
  }

  frame(key: string, picture: ImageBitmap | Blob): void {
    this.post({ kind: "frame", key, picture }, picture instanceof Blob ? [] : [picture]);
  }

  /** The engine's answer; null when it has none: aborted, no such frame, or a prompt that it doesn't take. */
  segment(key: string, question: Question, signal: AbortSignal): Promise<Answer | null> {
    if (signal.aborted) return Promise.resolve(null);
    const id = this.next++;
    return new Promise((resolve) => {
      const drop = (): void => {
        this.post({ kind: "drop", id });
        this.settle(id, null);
      };
      this.waiting.set(id, (answer) => {
        signal.removeEventListener("abort", drop);
        resolve(answer);
      });
      signal.addEventListener("abort", drop);
      const mask = question.before?.words.slice() ?? null;
      this.post({ kind: "segment", id, key, prompt: { points: question.points, box: question.box, scribbles: question.scribbles, mask } }, mask ? [mask.buffer] : []);
    });
  }

  dispose(): void {
    this.worker.terminate();
    for (const id of [...this.waiting.keys()]) this.settle(id, null);
  }

  private post(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  private settle(id: number, answer: Answer | null): void {
    this.waiting.get(id)?.(answer);
    this.waiting.delete(id);
  }

  private hear(message: FromWorker): void {
    if (message.kind === "ready") this.loaded?.resolve();
    else if (message.kind === "broken") this.break(message.reason);
    else if (message.kind === "none") this.settle(message.id, null);
    else this.settle(message.id, { mask: new BitMask(message.width, message.height, message.words), score: message.score });
  }

  private break(reason: string): void {
    this.loaded?.reject(new Error(reason));
    this.dispose();
    this.onBroken();
  }
}
