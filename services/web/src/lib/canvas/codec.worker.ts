/// <reference lib="webworker" />
import { BitMask } from "./bitmask";
import { decode, encode } from "./rle";
import type { CodecRequest, CodecResponse } from "./codec";

const scope = self as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = (event: MessageEvent<CodecRequest>) => {
  const request = event.data;
  let response: CodecResponse;
  let transfer: Transferable[] = [];
  try {
    if (request.kind === "encode") {
      response = { id: request.id, rle: encode(new BitMask(request.width, request.height, request.words)) };
    } else {
      const { words } = decode(request.rle);
      response = { id: request.id, words };
      transfer = [words.buffer];
    }
  } catch (error) {
    response = { id: request.id, error: error instanceof Error ? error.message : String(error) };
  }
  scope.postMessage(response, transfer);
};
