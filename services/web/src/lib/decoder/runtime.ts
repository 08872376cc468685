/** Opens onnxruntime-web: WASM with SIMD (and threads where the page is cross-origin isolated), or its WebGPU build. */
import gpuModule from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import gpuBinary from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import wasmModule from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasmBinary from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";

export type Runtime = typeof import("onnxruntime-web/wasm");

export async function openRuntime(device: "wasm" | "webgpu", threads: number): Promise<Runtime> {
  const ort = device === "webgpu" ? ((await import("onnxruntime-web/webgpu")) as unknown as Runtime) : await import("onnxruntime-web/wasm");
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = threads;
  // The loader and the binary are files of ours, hashed and immutable; nothing is fetched from elsewhere.
  const here = (path: string): string => new URL(path, self.location.origin).href;
  ort.env.wasm.wasmPaths = device === "webgpu" ? { mjs: here(gpuModule), wasm: here(gpuBinary) } : { mjs: here(wasmModule), wasm: here(wasmBinary) };
  return ort;
}
