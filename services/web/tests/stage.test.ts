import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitMask } from "~/lib/canvas/bitmask";
import { toScreen } from "~/lib/canvas/view";
import { before } from "~/lib/editor/usePrompt";
import { pixels } from "~/lib/stage/frame";
import { intoSight, steppedTo } from "~/lib/stage/crosshair";
import { NO_PROMPT, PromptMarks } from "~/lib/stage/prompts";

const frame = { width: 64, height: 48 };
const place = fc.record({ x: fc.double({ min: -20, max: 90, noNaN: true }), y: fc.double({ min: -20, max: 70, noNaN: true }) });
const act = fc.oneof(
  fc.record({ kind: fc.constant("point" as const), at: place, positive: fc.boolean() }),
  fc.record({ kind: fc.constant("scribble" as const), path: fc.array(place, { maxLength: 400 }), positive: fc.boolean() }),
  fc.record({ kind: fc.constant("box" as const), a: place, b: place }),
);

function make(marks: PromptMarks, a: typeof act extends fc.Arbitrary<infer T> ? T : never): boolean {
  if (a.kind === "point") return marks.point(a.at, a.positive, frame);
  if (a.kind === "scribble") return marks.scribble(a.path, a.positive, frame);
  return marks.box([a.a.x, a.a.y, a.b.x, a.b.y], frame);
}

describe("marks of a prompt", () => {
  it("are all inside of the frame, few enough for the engine, and taken back one by one in the order they were made", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
        const marks = new PromptMarks();
        const seen = [marks.now];
        for (const a of acts) {
          const before = marks.now;
          if (make(marks, a)) seen.push(marks.now);
          else expect(marks.now).toBe(before);
        }
        const { points, box, scribbles } = marks.now;
        for (const [x, y] of [...points.map((p) => [p.x, p.y] as const), ...scribbles.flatMap((s) => s.points), ...(box ? [[box[0], box[1]] as const, [box[2], box[3]] as const] : [])]) {
          expect(x >= 0 && x <= frame.width && y >= 0 && y <= frame.height).toBe(true);
        }
        for (const s of scribbles) expect(s.points.length).toBeLessThanOrEqual(100);
        for (let i = seen.length - 2; i >= 0; i--) {
          expect(marks.stepBack()).toBe(true);
          expect(marks.now).toBe(seen[i]);
        }
        expect(marks.stepBack()).toBe(false);
        expect(marks.now).toEqual(NO_PROMPT);
      }),
    );
  });

  it("make a point of a stroke that is no longer than a tap, and nothing of one that misses the frame", () => {
    const marks = new PromptMarks();
    expect(marks.scribble([{ x: 5, y: 5 }, { x: 5.5, y: 5 }], false, frame)).toBe(true);
    expect(marks.now).toEqual({ points: [{ x: 5, y: 5, is_positive: false }], box: null, scribbles: [] });
    expect(marks.scribble([{ x: -5, y: 5 }, { x: -9, y: 5 }], true, frame)).toBe(false);
    expect(marks.scribble([{ x: 2, y: 2 }, { x: 30, y: 9 }], true, frame)).toBe(true);
    expect(marks.now.scribbles).toEqual([{ points: [[2, 2], [30, 9]], is_positive: true }]);
  });
});

describe("an answer so far", () => {
  const mask = new BitMask(64, 48);
  const first = { x: 1, y: 1, is_positive: true };
  const prompt = { points: [first], box: null, scribbles: [] };
  it("goes along with the next click on the same marks, and with nothing else", () => {
    const next = { ...prompt, points: [first, { x: 2, y: 2, is_positive: false }] };
    expect(before({ prompt, mask }, next)).toBe(mask);
    expect(before(null, next)).toBeNull();
    expect(before({ prompt, mask }, prompt)).toBeNull();
    expect(before({ prompt, mask }, { ...next, points: [{ ...first }, next.points[1]!] })).toBeNull();
    expect(before({ prompt, mask }, { ...next, box: [0, 0, 9, 9] })).toBeNull();
    expect(before({ prompt, mask }, { ...next, scribbles: [{ points: [[1, 1], [4, 4]], is_positive: true }] })).toBeNull();
  });
});

describe("the keyboard's crosshair", () => {
  it("begins in the middle of what is seen and never leaves the frame", () => {
    expect(steppedTo(null, 0, 0, frame, { x0: 10, y0: 20, x1: 30, y1: 40 })).toEqual({ x: 20.5, y: 30.5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: -80, max: 80 }), fc.integer({ min: -80, max: 80 })), { minLength: 1 }), (steps) => {
        let at = steppedTo(null, 0, 0, frame, { x0: 0, y0: 0, x1: 64, y1: 48 });
        for (const [dx, dy] of steps) {
          at = steppedTo(at, dx, dy, frame, { x0: 0, y0: 0, x1: 64, y1: 48 });
          expect(at.x >= 0.5 && at.x <= 63.5 && at.y >= 0.5 && at.y <= 47.5).toBe(true);
        }
      }),
    );
  });

  it("is well on the stage once the picture has moved by what is said, and a place in sight moves nothing", () => {
    const stage = { width: 300, height: 200 };
    fc.assert(
      fc.property(place, fc.double({ min: 0.2, max: 30, noNaN: true }), fc.integer({ min: -900, max: 900 }), fc.integer({ min: -900, max: 900 }), (at, scale, x, y) => {
        const move = intoSight(at, { scale, x, y }, stage);
        const s = toScreen({ scale, x: x + move.x, y: y + move.y }, at);
        expect(s.x).toBeGreaterThan(23.99);
        expect(s.x).toBeLessThan(276.01);
        expect(s.y).toBeGreaterThan(23.99);
        expect(s.y).toBeLessThan(176.01);
        const again = intoSight(at, { scale, x: x + move.x, y: y + move.y }, stage);
        expect(Math.abs(again.x) + Math.abs(again.y)).toBeLessThan(0.001);
      }),
    );
  });
});

describe("a frame's size", () => {
  const png = (width: number, height: number): Blob => {
    const head = new DataView(new ArrayBuffer(40));
    head.setUint32(0, 0x89504e47);
    head.setUint32(16, width);
    head.setUint32(20, height);
    return new Blob([head.buffer]);
  };
  it("is read from a PNG's header, so that large ones are decoded elsewhere", async () => {
    expect(await pixels(png(4096, 3000))).toBe(4096 * 3000);
    expect(await pixels(png(1, 1))).toBe(1);
  });
  it("is guessed from the bytes of anything else, also of a file that is cut off", async () => {
    expect(await pixels(new Blob([new Uint8Array(900)]))).toBe(900);
    expect(await pixels(new Blob([new Uint8Array([0x89, 0x50, 0x4e, 0x47])]))).toBe(4);
    expect(await pixels(new Blob([]))).toBe(0);
  });
});
