/// <reference lib="webworker" />
import type { InferenceSession } from "onnxruntime-web";
import { BitMask } from "~/lib/canvas/bitmask";
import { Interaction, type Net, type Tuning } from "./engine/interact";
import { checked } from "./engine/prompt";
import type { Picture } from "./engine/windows";
import { networkOf } from "./network";
import type { FromWorker, ModelSource, PromptMessage, ToWorker } from "./protocol";
import { openRuntime } from "./runtime";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const send = (message: FromWorker, transfer: Transferable[] = []): void => scope.postMessage(message, transfer);

/** The image at hand and the next one; an older one is let go. */
const MAX_FRAMES = 2;
const frames = new Map<string, Promise<Picture>>();
const waiting: Extract<ToWorker, { kind: "segment" }>[] = [];
const dropped = new Set<number>();
let engine: { net: Net; tuning: Tuning } | null = null;
let busy = false;

/** Lets messages in: a pass of the network holds this thread, and a newer prompt makes the rest of the older one useless. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

async function load(model: ModelSource, threads: number, device: "wasm" | "webgpu"): Promise<void> {
  const began = performance.now();
  const [ort, reply] = await Promise.all([openRuntime(device, threads), fetch(model.url, { credentials: "same-origin" })]);
  if (!reply.ok) throw new Error(`The model answered ${reply.status}.`);
  const session: InferenceSession = await ort.InferenceSession.create(new Uint8Array(await reply.arrayBuffer()), { executionProviders: [device], graphOptimizationLevel: "all" });
  const net = networkOf(ort, session);
  engine = {
    tuning: model.tuning,
    net: async (images, prompts, n, size) => {
      const found = await net(images, prompts, n, size);
      await breathe();
      return found;
    },
  };
  send({ kind: "ready", ms: performance.now() - began });
}

/** A frame's RGB. As the page decodes it: without a colour profile. */
async function read(source: ImageBitmap | Blob): Promise<Picture> {
  const bitmap = source instanceof Blob ? await createImageBitmap(source, { colorSpaceConversion: "none", premultiplyAlpha: "none" }) : source;
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser has no canvas in workers.");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = context.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(width * height * 3);
  for (let p = 0, q = 0; q < data.length; p += 4) {
    data[q++] = rgba[p]!;
    data[q++] = rgba[p + 1]!;
    data[q++] = rgba[p + 2]!;
  }
  return { width, height, data };
}

function keep(key: string, source: ImageBitmap | Blob): void {
  const picture = read(source);
  picture.catch(broken);
  frames.delete(key);
  frames.set(key, picture);
  for (const old of frames.keys()) if (frames.size > MAX_FRAMES) frames.delete(old);
}

async function segment(id: number, picture: Picture, message: PromptMessage, { net, tuning }: NonNullable<typeof engine>): Promise<void> {
  const began = performance.now();
  const { width, height } = picture;
  const bits = message.mask && new BitMask(width, height, message.mask);
  const prompt = checked(
    {
      points: message.points.map((p) => ({ x: p.x, y: p.y, positive: p.is_positive })),
      box: message.box,
      scribbles: message.scribbles.map((s) => ({ points: s.points, positive: s.is_positive })),
      mask: bits && { width, height, data: bits.toBytes() },
    },
    width,
    height,
  );
  const answer = prompt && (await new Interaction(net, picture, prompt, tuning, () => dropped.has(id)).answer());
  if (!answer) {
    send({ kind: "none", id });
    return;
  }
  const { words } = BitMask.fromBytes(width, height, answer.mask.data);
  send({ kind: "answer", id, width, height, words, score: answer.score, ms: performance.now() - began }, [words.buffer]);
}

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let job = waiting.shift(); job; job = waiting.shift()) {
    const picture = await frames.get(job.key);
    if (!engine || !picture || dropped.has(job.id)) send({ kind: "none", id: job.id });
    else await segment(job.id, picture, job.prompt, engine);
    dropped.delete(job.id);
  }
  busy = false;
}

const broken = (error: unknown): void => send({ kind: "broken", reason: error instanceof Error ? error.message : String(error) });

scope.onmessage = (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  try {
    if (message.kind === "load") load(message.model, message.threads, message.device).catch(broken);
    else if (message.kind === "frame") keep(message.key, message.picture);
    else if (message.kind === "drop") dropped.add(message.id);
    else {
      waiting.push(message);
      work().catch(broken);
    }
  } catch (error) {
    broken(error);
  }
};
