import type { MaskDocument } from "~/lib/canvas/document";

/** What a newcomer tries once, in this order. Each is ticked off by doing it, or left out. */
export const STEPS = ["look", "paint", "undo", "erase", "finish"] as const;
export type Step = (typeof STEPS)[number];

export interface Progress {
  step: Step;
  /** Painted pixels when the step began, so that taking away is noticed. */
  before: number;
}

export const BEGINNING: Progress = { step: "look", before: 0 };

export function after(step: Step): Step {
  return STEPS[Math.min(STEPS.length - 1, STEPS.indexOf(step) + 1)]!;
}

const painted = (doc: MaskDocument): number => doc.labels.reduce((n, l) => n + doc.layer(l).count(), 0);

/** The progress after a change of the drawing. Doing a later thing first is fine: it is asked again in its turn. */
export function advance(progress: Progress, doc: MaskDocument): Progress {
  const now = painted(doc);
  const done =
    (progress.step === "paint" && now > 0) ||
    (progress.step === "undo" && doc.canRedo) ||
    (progress.step === "erase" && now < progress.before && !doc.canRedo);
  if (done) return { step: after(progress.step), before: now };
  // What was painted meanwhile may be erased too.
  return now > progress.before ? { ...progress, before: now } : progress;
}

export function leaveOut(progress: Progress, doc: MaskDocument): Progress {
  return { step: after(progress.step), before: painted(doc) };
}

const KEY = "bramble.tutorial";
export const tutorialDone = (): boolean => localStorage.getItem(KEY) !== null;
export const rememberTutorial = (): void => localStorage.setItem(KEY, "done");
