// Parity of two adapters on the golden set: the TypeScript engine with onnxruntime-web (WASM) in Node, against the Python engine with
// ONNX Runtime in process, whose answers are in golden/segment.json. The same weights file feeds both.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-web/wasm";
import { beforeAll, describe, expect, it } from "vitest";
import { BitMask, dice } from "~/lib/canvas/bitmask";
import { decode } from "~/lib/canvas/rle";
import { Interaction, type Net } from "~/lib/decoder/engine/interact";
import { checked } from "~/lib/decoder/engine/prompt";
import { networkOf } from "~/lib/decoder/network";
import { bytes, golden } from "./golden";

const weights = readFileSync(new URL("../../../inference/weights/drupelet-v2.onnx", import.meta.url));
const toMask = (m: BitMask) => ({ width: m.width, height: m.height, data: m.toBytes() });

let net: Net;
beforeAll(async () => {
  ort.env.wasm.numThreads = 1;
  net = networkOf(ort, await ort.InferenceSession.create(weights, { executionProviders: ["wasm"] }));
}, 120_000);

describe("the browser's engine gives the server's masks", () => {
  it("was compared with these weights (else: python tools/make_segment_golden.py)", () => {
    expect(golden.weights).toBe(createHash("sha256").update(weights).digest("hex"));
  });

  it.each(golden.frames.map((f, i) => ({ ...f, name: `frame ${i}, ${f.image.shape[1]} × ${f.image.shape[0]}` })))(
    "$name",
    async ({ image, cases }) => {
      const [height, width] = image.shape as [number, number];
      const picture = { width, height, data: bytes(image) };
      for (const [k, c] of cases.entries()) {
        const prompt = checked(
          {
            points: c.points.map((p) => ({ x: p.x, y: p.y, positive: p.is_positive })),
            box: c.box,
            scribbles: c.scribbles.map((s) => ({ points: s.points, positive: s.is_positive })),
            mask: c.mask && toMask(decode(c.mask)),
          },
          width,
          height,
        );
        const found = await new Interaction(net, picture, prompt!, golden.tuning).answer();
        const mask = BitMask.fromBytes(width, height, found!.mask.data);
        expect(dice(mask, decode(c.answer)), `case ${k}`).toBeGreaterThanOrEqual(0.995);
        expect(found!.score, `case ${k}`).toBeCloseTo(c.score, 2);
      }
    },
    300_000,
  );

  it("stops when nobody waits for the answer", async () => {
    const { image, cases } = golden.frames[3]!;
    const picture = { width: image.shape[1]!, height: image.shape[0]!, data: bytes(image) };
    const prompt = { points: [{ x: 3, y: 3, positive: true }], box: null, scribbles: [], mask: null };
    expect(cases.length).toBeGreaterThan(0);
    expect(await new Interaction(net, picture, prompt, golden.tuning, () => true).answer()).toBeNull();
  });
});
