import { api } from "~/client/api";
import { OfflineError } from "~/client/http";
import { codec } from "~/lib/canvas/codec";
import { measure } from "~/lib/measure";
import type { ModelSource } from "./protocol";
import { type Answer, type Question, Segmenter } from "./segmenter";

export { type Answer, type Question, Segmenter } from "./segmenter";

/** How long the canvas has been usable before anything heavy is fetched. */
const PATIENCE_MS = 1500;

interface Device {
  deviceMemory?: number;
  connection?: { saveData?: boolean };
  gpu?: { requestAdapter: () => Promise<{ isFallbackAdapter?: boolean; info?: { isFallbackAdapter?: boolean } } | null> };
}

async function ask(imageId: string, question: Question, label: number, signal: AbortSignal): Promise<Answer> {
  const mask = question.before ? await codec().encode(question.before) : undefined;
  const reply = await api.segment(imageId, { points: question.points, box: question.box ?? undefined, scribbles: question.scribbles, mask, label_id: label }, signal);
  return { mask: await codec().decode(reply.rle), score: reply.score };
}

const KNOWN = "bramble.model";

/** The default model where it may run here; without a line the one that ran last, whose weights the service worker holds. */
async function model(): Promise<ModelSource | null> {
  try {
    const found = (await api.models()).items.find((m) => m.default);
    const source = found?.url && found.engine ? { name: found.name, version: found.version, url: found.url, tuning: found.engine } : null;
    localStorage.setItem(KNOWN, JSON.stringify(source));
    return source;
  } catch (error) {
    if (!(error instanceof OfflineError)) throw error;
    return JSON.parse(localStorage.getItem(KNOWN) ?? "null") as ModelSource | null;
  }
}

/** Whether this browser can and should run the engine: no small device, nobody who saves data. */
function isFit(device: Device): boolean {
  if (typeof Worker === "undefined" || typeof WebAssembly === "undefined" || typeof OffscreenCanvas === "undefined") return false;
  return (device.deviceMemory ?? 4) >= 2 && !device.connection?.saveData;
}

function create(): Segmenter {
  const device = navigator as Device;
  return new Segmenter({
    ask,
    model,
    worker: isFit(device) ? () => new Worker(new URL("./decoder.worker.ts", import.meta.url), { type: "module" }) : null,
    copy: (picture) => createImageBitmap(picture),
    isOnline: () => navigator.onLine,
    whenIdle: (run) => {
      const soon = (): unknown => ("requestIdleCallback" in window ? requestIdleCallback(run, { timeout: 10_000 }) : setTimeout(run, 0));
      setTimeout(soon, PATIENCE_MS);
    },
    now: () => performance.now(),
    tell: measure,
    // One core stays with the page: threads wait for the slowest of them, and a core that is shared makes all of them slow.
    threads: crossOriginIsolated ? Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1)) : 1,
    gpu: async () => {
      const adapter = (await device.gpu?.requestAdapter().catch(() => null)) ?? null;
      return adapter !== null && !(adapter.isFallbackAdapter ?? adapter.info?.isFallbackAdapter ?? false);
    },
  });
}

let shared: Segmenter | null = null;

/** The page's segmenter. */
export function segmenter(): Segmenter {
  shared ??= create();
  return shared;
}
