import { BitMask } from "./bitmask";
import { type Rle, RleError, decode, encode } from "./rle";

export type CodecRequest =
  | { id: number; kind: "encode"; width: number; height: number; words: Uint32Array<ArrayBuffer> }
  | { id: number; kind: "decode"; rle: Rle };
export type CodecResponse = { id: number; rle?: Rle; words?: Uint32Array; error?: string };

type Body = CodecRequest extends infer R ? (R extends { id: number } ? Omit<R, "id"> : never) : never;

/**
 * Run lengths off the main thread, so that 30 labels never stop the pen. Where a page has no workers the same
 * functions run in place.
 */
export class RleCodec {
  private worker: Worker | null = null;
  private next = 1;
  private readonly waiting = new Map<number, { resolve: (r: CodecResponse) => void; reject: (e: Error) => void }>();

  constructor(make: (() => Worker) | null = defaultWorker) {
    if (!make) return;
    try {
      this.worker = make();
      this.worker.onmessage = (event: MessageEvent<CodecResponse>) => {
        const waiter = this.waiting.get(event.data.id);
        this.waiting.delete(event.data.id);
        if (event.data.error !== undefined) waiter?.reject(new RleError(event.data.error));
        else waiter?.resolve(event.data);
      };
      this.worker.onerror = () => {
        // A worker that cannot start (an old browser, a strict proxy) must not cost a submission.
        this.worker = null;
        for (const { reject } of this.waiting.values()) reject(new Error("worker"));
        this.waiting.clear();
      };
    } catch {
      this.worker = null;
    }
  }

  async encode(mask: BitMask): Promise<Rle> {
    if (!this.worker) return encode(mask);
    try {
      const words = mask.words.slice();
      const reply = await this.ask({ kind: "encode", width: mask.width, height: mask.height, words }, [words.buffer]);
      return reply.rle!;
    } catch (error) {
      if (error instanceof RleError) throw error;
      return encode(mask);
    }
  }

  async decode(rle: Rle): Promise<BitMask> {
    if (!this.worker) return decode(rle);
    try {
      const reply = await this.ask({ kind: "decode", rle }, []);
      return new BitMask(rle.size[1], rle.size[0], reply.words);
    } catch (error) {
      if (error instanceof RleError) throw error;
      return decode(rle);
    }
  }

  private ask(body: Body, transfer: Transferable[]): Promise<CodecResponse> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker!.postMessage({ ...body, id }, transfer);
    });
  }

  dispose(): void {
    this.worker?.terminate();
    this.worker = null;
    this.waiting.clear();
  }
}

function defaultWorker(): Worker {
  if (typeof Worker === "undefined") throw new Error("no workers here");
  return new Worker(new URL("./codec.worker.ts", import.meta.url), { type: "module" });
}

let shared: RleCodec | null = null;

/** The page's codec, started on first use. */
export function codec(): RleCodec {
  shared ??= new RleCodec();
  return shared;
}
