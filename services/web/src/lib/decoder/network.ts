import type { InferenceSession, TensorConstructor } from "onnxruntime-web";
import type { Net } from "./engine/interact";

/** A session of onnxruntime-web as the engine's network. */
export function networkOf(ort: { Tensor: TensorConstructor }, session: InferenceSession): Net {
  return async (images, prompts, n, size) => {
    const found = await session.run({
      image: new ort.Tensor("float32", images, [n, 3, size, size]),
      prompts: new ort.Tensor("float32", prompts, [n, 4, size, size]),
    });
    return { logits: (await found.logits!.getData()) as Float32Array, iou: (await found.iou!.getData()) as Float32Array };
  };
}
