/// <reference lib="webworker" />
import { greyOf, histogramOf } from "~/lib/canvas/grey";
import type { GreyRequest, GreyResponse } from "./frame";

const scope = self as unknown as DedicatedWorkerGlobalScope;
/** Pixels read at once: a large frame's RGBA would be 64 MB beside the picture itself. */
const STRIP = 1 << 20;

scope.onmessage = ({ data: { id, picture } }: MessageEvent<GreyRequest>) => {
  const { width, height } = picture;
  const rows = Math.max(1, Math.floor(STRIP / width));
  const grey = new Uint8Array(width * height);
  const ctx = new OffscreenCanvas(width, Math.min(rows, height)).getContext("2d", { willReadFrequently: true });
  if (!ctx) {
    scope.postMessage({ id, picture, grey: null, counts: null } satisfies GreyResponse, [picture]);
    return;
  }
  for (let y = 0; y < height; y += rows) {
    const n = Math.min(rows, height - y);
    ctx.clearRect(0, 0, width, n);
    ctx.drawImage(picture, 0, y, width, n, 0, 0, width, n);
    greyOf(ctx.getImageData(0, 0, width, n).data, grey.subarray(y * width, (y + n) * width));
  }
  const counts = histogramOf(grey);
  scope.postMessage({ id, picture, grey, counts } satisfies GreyResponse, [picture, grey.buffer, counts.buffer]);
};
