import { describe, expect, it, vi } from "vitest";
import { BitMask } from "~/lib/canvas/bitmask";
import { Choice } from "~/lib/decoder/choice";
import type { FromWorker, ToWorker } from "~/lib/decoder/protocol";
import { type Answer, type Question, Segmenter, type Surroundings } from "~/lib/decoder/segmenter";
import { golden } from "./golden";

const question: Question = { points: [{ x: 3, y: 3, is_positive: true }], box: null, scribbles: [], before: null };
const picture = {} as ImageBitmap;
const frame = { picture, width: 8, height: 8 };
const signal = (): AbortSignal => new AbortController().signal;
const mask = (n: number): BitMask => BitMask.fromBytes(8, 8, new Uint8Array(64).fill(1, 0, n));

/** A worker that answers at once; `ms` of the clock pass at each answer. */
class FakeWorker {
  onmessage: ((e: { data: FromWorker }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly heard: ToWorker[] = [];
  terminated = false;
  silent = false;
  frames = new Set<string>();

  constructor(
    private readonly clock: { now: number },
    private readonly ms: number,
    private readonly fails: boolean,
  ) {}

  postMessage(message: ToWorker): void {
    this.heard.push(message);
    queueMicrotask(() => {
      if (this.terminated) return;
      if (message.kind === "load") this.say(this.fails ? { kind: "broken", reason: "no SIMD" } : { kind: "ready", ms: 1 });
      else if (message.kind === "frame") this.frames.add(message.key);
      else if (message.kind === "segment" && !this.silent) {
        this.clock.now += this.ms;
        const known = this.frames.has(message.key);
        this.say(known ? { kind: "answer", id: message.id, width: 8, height: 8, words: mask(5).words, score: 0.5, ms: this.ms } : { kind: "none", id: message.id });
      }
    });
  }

  say(data: FromWorker): void {
    this.onmessage?.({ data });
  }

  terminate(): void {
    this.terminated = true;
  }
}

function setUp({ ms = 20, fails = false, gpuMs = null as number | null, ...rest }: { ms?: number; fails?: boolean; gpuMs?: number | null } & Partial<Surroundings> = {}) {
  const clock = { now: 0 };
  const workers: FakeWorker[] = [];
  const around: Surroundings = {
    model: () => Promise.resolve({ name: "drupelet", version: "1", url: "/m", tuning: golden.tuning }),
    ask: vi.fn(() => {
      clock.now += 200;
      return Promise.resolve<Answer>({ mask: mask(9), score: 0.9 });
    }),
    worker: () => {
      const made = new FakeWorker(clock, workers.length === 0 ? ms : gpuMs!, fails);
      workers.push(made);
      return made as unknown as Worker;
    },
    copy: () => Promise.resolve(picture),
    isOnline: () => true,
    whenIdle: (run) => run(),
    now: () => clock.now,
    threads: 1,
    tell: () => undefined,
    gpu: () => Promise.resolve(gpuMs !== null),
    ...rest,
  };
  return { segmenter: new Segmenter(around), around, workers, clock };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("segmenter", () => {
  it("asks the server until the engine is ready, then this device", async () => {
    const { segmenter, around } = setUp();
    segmenter.prepare("a", frame);
    expect((await segmenter.segment("a", question, 1, signal())).mask.count()).toBe(9);
    await settle();
    expect(segmenter.isLocal).toBe(true);
    expect((await segmenter.segment("a", question, 1, signal())).mask.count()).toBe(5);
    expect(around.ask).toHaveBeenCalledTimes(1);
  });

  it("loads nothing before the browser is idle, and nothing at all without workers", async () => {
    let run: (() => void) | null = null;
    const { segmenter, workers } = setUp({ whenIdle: (r) => void (run = r) });
    segmenter.prepare("a", frame);
    await settle();
    expect(workers).toHaveLength(0);
    run!();
    await settle();
    expect(workers).toHaveLength(1);
    const other = setUp({ worker: null });
    other.segmenter.prepare("a", frame);
    await settle();
    expect(other.segmenter.isLocal).toBe(false);
    expect((await other.segmenter.segment("a", question, 1, signal())).score).toBe(0.9);
  });

  it("leaves a slow device alone while there is a server, and uses it when there is none", async () => {
    let online = true;
    const { segmenter, around } = setUp({ ms: 900, isOnline: () => online });
    segmenter.prepare("a", frame);
    await segmenter.segment("a", question, 1, signal()); // the server's time is known: 200 ms
    await settle();
    expect(segmenter.isLocal).toBe(false);
    expect(await segmenter.preview("a", question, signal())).toBeNull();
    await segmenter.segment("a", question, 1, signal());
    expect(around.ask).toHaveBeenCalledTimes(2);
    online = false;
    expect((await segmenter.segment("a", question, 1, signal())).mask.count()).toBe(5);
  });

  it("falls back to a slow device when the server is away, and tells of the failure when there is neither", async () => {
    const away = new Error("503");
    const { segmenter, around } = setUp({ ms: 900 });
    segmenter.prepare("a", frame);
    await segmenter.segment("a", question, 1, signal());
    await settle();
    vi.mocked(around.ask).mockRejectedValue(away);
    expect((await segmenter.segment("a", question, 1, signal())).mask.count()).toBe(5);
    const broken = setUp({ fails: true, ask: () => Promise.reject(away) });
    broken.segmenter.prepare("a", frame);
    await settle();
    await expect(broken.segmenter.segment("a", question, 1, signal())).rejects.toBe(away);
    expect(broken.workers[0]!.terminated).toBe(true);
  });

  it("asks the server about an image that it wasn't given, and hands over the next one", async () => {
    const { segmenter, workers } = setUp();
    segmenter.prepare("a", frame);
    await settle();
    expect((await segmenter.segment("b", question, 1, signal())).mask.count()).toBe(9);
    segmenter.prepare("b", { ...frame, picture: {} as ImageBitmap });
    await settle();
    expect((await segmenter.segment("b", question, 1, signal())).mask.count()).toBe(5);
    expect(workers[0]!.frames).toEqual(new Set(["a", "b"]));
  });

  it("drops what was overtaken", async () => {
    const { segmenter, workers, around } = setUp();
    segmenter.prepare("a", frame);
    await settle();
    workers[0]!.silent = true;
    const control = new AbortController();
    vi.mocked(around.ask).mockImplementation((_i, _q, _l, s) => Promise.reject(new DOMException(s.aborted ? "gone" : "?", "AbortError")));
    const asked = segmenter.segment("a", question, 1, control.signal);
    control.abort();
    await expect(asked).rejects.toThrow("gone");
    expect(workers[0]!.heard.at(-1)).toMatchObject({ kind: "drop" });
  });

  it("goes back to the server when the worker dies in use", async () => {
    const { segmenter, workers } = setUp();
    segmenter.prepare("a", frame);
    await settle();
    workers[0]!.silent = true;
    const asked = segmenter.segment("a", question, 1, signal());
    workers[0]!.onerror!();
    expect((await asked).mask.count()).toBe(9);
    expect(segmenter.isLocal).toBe(false);
    expect((await segmenter.segment("a", question, 1, signal())).mask.count()).toBe(9);
  });

  it("keeps a GPU only where it is quicker", async () => {
    for (const [gpuMs, kept] of [[10, 1], [400, 0]] as const) {
      const { segmenter, workers } = setUp({ ms: 100, gpuMs });
      segmenter.prepare("a", frame);
      await settle();
      await settle();
      expect(workers.map((w) => w.terminated)).toEqual(kept ? [true, false] : [false, true]);
      expect(workers[1]!.heard[0]).toMatchObject({ kind: "load", device: "webgpu" });
    }
  });

  it("takes no frame that is too large for a copy", async () => {
    const { segmenter } = setUp();
    segmenter.prepare("a", { picture, width: 20_000, height: 2_000 });
    await settle();
    expect((await segmenter.segment("a", question, 1, signal())).mask.count()).toBe(9);
  });
});

describe("choice", () => {
  it("follows what was measured", () => {
    const choice = new Choice();
    expect(choice.pick(true)).toBe("server");
    choice.note("device", 300);
    expect(choice.pick(true)).toBe("device"); // slower than a person likes, but nothing is known of the server
    choice.note("server", 150);
    expect(choice.pick(true)).toBe("server");
    expect(choice.pick(false)).toBe("device");
    for (let k = 0; k < 20; k++) choice.note("device", 50);
    expect(choice.pick(true)).toBe("device");
    choice.forget();
    expect(choice.pick(false)).toBe("server");
  });
});
