import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { BitMask } from "~/lib/canvas/bitmask";
import type { Point } from "~/lib/canvas/shapes";
import { segmenter } from "~/lib/decoder";
import type { Frame } from "~/lib/stage/frame";
import type { Prompt } from "~/lib/stage/stage";

export interface PromptState {
  busy: boolean;
  mask: BitMask | null;
  score: number | null;
  error: unknown;
}

export const IDLE: PromptState = { busy: false, mask: null, score: null, error: null };
/** How long the pointer rests before a preview is worked out. */
const REST_MS = 60;
/** The engine reads the image once the picture itself is on the screen: both at once are slower on two cores. A mark made before makes it begin at once. */
const PREPARE_MS = 250;
/** A click this near to where the pointer rested is answered by the preview, in pixels of the frame. */
const SAME_PX = 0.75;

interface Answered {
  prompt: Prompt;
  mask: BitMask;
}

/** The answer to the same marks without the newest click, so that a click mends what is there. A stroke says enough to start afresh. */
export function before(answered: Answered | null, prompt: Prompt): BitMask | null {
  if (!answered || prompt.points.length !== answered.prompt.points.length + 1) return null;
  if (prompt.scribbles !== answered.prompt.scribbles || prompt.box !== answered.prompt.box) return null;
  return answered.prompt.points.every((p, i) => p === prompt.points[i]) ? answered.mask : null;
}

interface Asking {
  state: PromptState;
  /** What a click would give where the pointer rests; only while this device answers within a moment. */
  preview: BitMask | null;
  ask: (prompt: Prompt) => void;
  hover: (at: Point | null) => void;
  reset: () => void;
}

/**
 * Asks for a mask under points or a box: this device, or the server (`~/lib/decoder`). The editor goes on meanwhile: an answer is
 * only shown, never put into the drawing by itself, and one that was overtaken by another click, label or image is dropped.
 */
export function usePrompt(imageId: string | null, label: number, frame: Frame): Asking {
  const [state, setState] = useState<PromptState>(IDLE);
  const [preview, setPreview] = useState<BitMask | null>(null);
  const turn = useRef(0);
  const abort = useRef<AbortController | null>(null);
  const answered = useRef<Answered | null>(null);
  const rest = useRef<{ timer: ReturnType<typeof setTimeout> | undefined; control: AbortController; at: Point; found: { mask: BitMask; score: number } | null } | null>(null);

  const leave = useCallback(() => {
    clearTimeout(rest.current?.timer);
    rest.current?.control.abort();
    rest.current = null;
    setPreview(null);
  }, []);

  const reset = useCallback(() => {
    turn.current++;
    abort.current?.abort();
    answered.current = null;
    leave();
    setState(IDLE);
  }, [leave]);

  useEffect(() => reset, [imageId, label, reset]);
  useEffect(() => {
    if (!imageId) return;
    const timer = setTimeout(() => segmenter().prepare(imageId, frame), PREPARE_MS);
    return () => clearTimeout(timer);
  }, [imageId, frame]);

  const ask = useCallback(
    (prompt: Prompt) => {
      const mine = ++turn.current;
      abort.current?.abort();
      const rested = rest.current;
      leave();
      const first = prompt.points[0];
      if (!imageId || (!first && !prompt.box && prompt.scribbles.length === 0)) {
        answered.current = null;
        setState(IDLE);
        return;
      }
      const show = (mask: BitMask, score: number): void => {
        answered.current = { prompt, mask };
        setState({ busy: false, mask, score, error: null });
      };
      // Where the pointer rested the answer is here already.
      if (rested?.found && first?.is_positive && prompt.points.length === 1 && !prompt.box && prompt.scribbles.length === 0 && near(first, rested.at)) {
        show(rested.found.mask, rested.found.score);
        return;
      }
      segmenter().prepare(imageId, frame);
      const control = new AbortController();
      abort.current = control;
      setState((s) => ({ ...s, busy: true, error: null }));
      segmenter()
        .segment(imageId, { ...prompt, before: before(answered.current, prompt) }, label, control.signal)
        .then(({ mask, score }) => {
          if (mine === turn.current) show(mask, score);
        })
        .catch((error: unknown) => {
          if (mine === turn.current) setState({ busy: false, mask: null, score: null, error });
        });
    },
    [imageId, label, frame, leave],
  );

  const hover = useCallback(
    (at: Point | null) => {
      if (rest.current && at && near(at, rest.current.at)) return;
      if (rest.current) leave();
      if (!imageId || !at || !segmenter().isLocal) return;
      const mine: NonNullable<typeof rest.current> = { timer: undefined, control: new AbortController(), at, found: null };
      rest.current = mine;
      mine.timer = setTimeout(() => {
        const question = { points: [{ ...at, is_positive: true }], box: null, scribbles: [], before: null };
        void segmenter()
          .preview(imageId, question, mine.control.signal)
          .then((found) => {
            if (rest.current !== mine || !found) return;
            mine.found = found;
            setPreview(found.mask);
          });
      }, REST_MS);
    },
    [imageId, leave],
  );

  return useMemo(() => ({ state, preview, ask, hover, reset }), [state, preview, ask, hover, reset]);
}

function near(a: Point, b: Point): boolean {
  return Math.abs(a.x - b.x) <= SAME_PX && Math.abs(a.y - b.y) <= SAME_PX;
}
