import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "~/client/api";
import type { BitMask } from "~/lib/canvas/bitmask";
import { codec } from "~/lib/canvas/codec";
import type { Prompt } from "~/lib/stage/stage";

export interface PromptState {
  busy: boolean;
  mask: BitMask | null;
  score: number | null;
  error: unknown;
}

const IDLE: PromptState = { busy: false, mask: null, score: null, error: null };

/**
 * Asks the server for a mask under points or a box. The editor goes on meanwhile: an answer is only shown, never put
 * into the drawing by itself, and one that was overtaken by another click, label or image is dropped.
 */
export function usePrompt(imageId: string | null, label: number): { state: PromptState; ask: (prompt: Prompt) => void; reset: () => void } {
  const [state, setState] = useState<PromptState>(IDLE);
  const turn = useRef(0);
  const abort = useRef<AbortController | null>(null);

  const reset = useCallback(() => {
    turn.current++;
    abort.current?.abort();
    setState(IDLE);
  }, []);

  useEffect(() => reset, [imageId, label, reset]);

  const ask = useCallback(
    (prompt: Prompt) => {
      const mine = ++turn.current;
      abort.current?.abort();
      if (!imageId || (prompt.points.length === 0 && !prompt.box)) {
        setState(IDLE);
        return;
      }
      const control = new AbortController();
      abort.current = control;
      setState((s) => ({ ...s, busy: true, error: null }));
      void (async () => {
        try {
          const reply = await api.segment(imageId, { points: prompt.points, box: prompt.box ?? undefined, label_id: label }, control.signal);
          const mask = await codec().decode(reply.rle);
          if (mine === turn.current) setState({ busy: false, mask, score: reply.score, error: null });
        } catch (error) {
          if (mine === turn.current) setState({ busy: false, mask: null, score: null, error });
        }
      })();
    },
    [imageId, label],
  );

  return { state, ask, reset };
}
