import type { GreyFrame } from "~/lib/canvas/document";
import { greyOf } from "~/lib/canvas/grey";
import { noteHistogram } from "~/lib/canvas/window";
import { DECODING } from "./decoding";

export interface Frame {
  width: number;
  height: number;
  picture: ImageBitmap | HTMLCanvasElement;
  /** The file that it was decoded from: handing it to a worker costs nothing, handing over the pixels of a large frame does. */
  file?: Blob;
  grey: GreyFrame;
}

/** The file is only named to the worker, and the picture moved from it: neither is copied. */
export interface FrameRequest {
  id: number;
  file: Blob;
}
export interface FrameResponse {
  id: number;
  /** Null where the worker couldn't decode the file. */
  picture: ImageBitmap | null;
  /** Null where the worker has no canvas of its own. */
  grey: Uint8Array<ArrayBuffer> | null;
  counts: Uint32Array<ArrayBuffer> | null;
}

/** Up to here the page reads the pixels itself, in a few ms: a worker would take longer to begin. */
const SMALL_PX = 1 << 19;

/** Pixels of a PNG by its header, which frames are; of another kind as many as its bytes. Reads 24 bytes and decodes nothing. */
export async function pixels(blob: Blob): Promise<number> {
  const head = new DataView(await blob.slice(0, 24).arrayBuffer());
  const isPng = head.byteLength === 24 && head.getUint32(0) === 0x89504e47;
  return isPng ? head.getUint32(16) * head.getUint32(20) : blob.size;
}

/** Decodes a frame's bytes into a picture and its grey values: a large frame in a worker, while the person goes on drawing. */
export async function loadFrame(blob: Blob): Promise<Frame> {
  const frame = (picture: ImageBitmap, data: Uint8Array): Frame => ({ width: picture.width, height: picture.height, picture, file: blob, grey: { width: picture.width, height: picture.height, data } });
  const worker = (await pixels(blob)) > SMALL_PX ? readers() : null;
  const read = await worker?.read(blob).catch(() => null);
  if (!read?.picture) {
    // Small, no worker, or the worker broke: what is wrong with the file is then said here.
    const picture = await createImageBitmap(blob, DECODING);
    return frame(picture, readHere(picture));
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

/** A worker that decodes large frames, one for the page. */
class Reader {
  private readonly waiting = new Map<number, { resolve: (r: FrameResponse) => void; reject: (e: Error) => void }>();
  private next = 1;
  isBroken = false;

  constructor(private readonly worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent<FrameResponse>) => {
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

  read(file: Blob): Promise<FrameResponse> {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, file } satisfies FrameRequest);
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
