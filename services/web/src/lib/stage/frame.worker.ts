/// <reference lib="webworker" />
import { greyOf, histogramOf } from "~/lib/canvas/grey";
import { DECODING } from "./decoding";
import type { FrameRequest, FrameResponse } from "./frame";

const scope = self as unknown as DedicatedWorkerGlobalScope;
/** Pixels read at once: a large frame's RGBA would be 64 MB beside the picture itself. */
const STRIP = 1 << 20;

function greyOfPicture(picture: ImageBitmap): Uint8Array<ArrayBuffer> | null {
  const { width, height } = picture;
  const rows = Math.max(1, Math.floor(STRIP / width));
  const ctx = new OffscreenCanvas(width, Math.min(rows, height)).getContext("2d", { willReadFrequently: true });
  if (!ctx) return null;
  const grey = new Uint8Array(width * height);
  for (let y = 0; y < height; y += rows) {
    const n = Math.min(rows, height - y);
    ctx.clearRect(0, 0, width, n);
    ctx.drawImage(picture, 0, y, width, n, 0, 0, width, n);
    greyOf(ctx.getImageData(0, 0, width, n).data, grey.subarray(y * width, (y + n) * width));
  }
  return grey;
}

async function read({ id, file }: FrameRequest): Promise<void> {
  // Decoded here and not on the page: there its end would hold a pen up for a tenth of a second.
  const picture = await createImageBitmap(file, DECODING).catch(() => null);
  const grey = picture && greyOfPicture(picture);
  const counts = grey && histogramOf(grey);
  scope.postMessage({ id, picture, grey, counts } satisfies FrameResponse, [...(picture ? [picture] : []), ...(grey && counts ? [grey.buffer, counts.buffer] : [])]);
}

scope.onmessage = ({ data }: MessageEvent<FrameRequest>) => void read(data);
