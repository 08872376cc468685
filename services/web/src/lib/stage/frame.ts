import type { GreyFrame } from "~/lib/canvas/document";
import { greyOf } from "~/lib/canvas/grey";
import { noteHistogram } from "~/lib/canvas/window";

export interface Frame {
  width: number;
  height: number;
  picture: ImageBitmap | HTMLCanvasElement;
  /** The file that it was decoded from: handing it to a worker costs nothing, handing over the pixels of a large frame does. */
  file?: Blob;
  grey: GreyFrame;
}

/** The picture goes to the worker and comes back: it is moved, not copied. */
export interface GreyRequest {
  id: number;
  picture: ImageBitmap;
}
export interface GreyResponse {
  id: number;
  picture: ImageBitmap;
  /** Null where the worker has no canvas of its own. */
  grey: Uint8Array<ArrayBuffer> | null;
  counts: Uint32Array<ArrayBuffer> | null;
}

/** Up to here the page reads the pixels itself, in a few ms: a worker would take longer to begin. */
const SMALL_PX = 1 << 19;

/** Decodes a frame's bytes into a picture and its grey values. A large frame is read in a worker, while the person goes on drawing. */
export async function loadFrame(blob: Blob): Promise<Frame> {
  const decode = (): Promise<ImageBitmap> => createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const picture = await decode();
  const { width, height } = picture;
  const frame = (p: ImageBitmap, data: Uint8Array): Frame => ({ width, height, picture: p, file: blob, grey: { width, height, data } });
  if (width * height <= SMALL_PX || !readers()) return frame(picture, readHere(picture));
  const read = await readers()!
    .read(picture)
    .catch(() => null);
  // The worker broke, and the picture with it.
  if (!read) {
    const again = await decode();
    return frame(again, readHere(again));
  }
  if (read.counts && read.grey) noteHistogram(read.grey, read.counts);
  return frame(read.picture, read.grey ?? readHere(read.picture));
}

function readHere(picture: ImageBitmap): Uint8Array {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  const ctx = canvas.getContext("2d", { willReadFrequently: true });
  if (!ctx) throw new Error("This browser has no 2D canvas.");
  ctx.drawImage(picture, 0, 0);
  const data = new Uint8Array(picture.width * picture.height);
  greyOf(ctx.getImageData(0, 0, picture.width, picture.height).data, data);
  canvas.width = 0;
  return data;
}

/** A worker that reads pixels, one for the page. */
class Reader {
  private readonly waiting = new Map<number, { resolve: (r: GreyResponse) => void; reject: (e: Error) => void }>();
  private next = 1;
  isBroken = false;

  constructor(private readonly worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent<GreyResponse>) => {
      this.waiting.get(data.id)?.resolve(data);
      this.waiting.delete(data.id);
    };
    worker.onerror = () => {
      this.isBroken = true;
      worker.terminate();
      for (const { reject } of this.waiting.values()) reject(new Error("worker"));
      this.waiting.clear();
    };
  }

  read(picture: ImageBitmap): Promise<GreyResponse> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, picture } satisfies GreyRequest, [picture]);
    });
  }
}

let reader: Reader | null | undefined;

/** The page's reader; null where this browser has none, or it broke. */
function readers(): Reader | null {
  if (reader === undefined) {
    const canRead = typeof Worker !== "undefined" && typeof OffscreenCanvas !== "undefined";
    try {
      reader = canRead ? new Reader(new Worker(new URL("./frame.worker.ts", import.meta.url), { type: "module" })) : null;
    } catch {
      reader = null;
    }
  }
  return reader?.isBroken ? null : reader;
}
