import type { Assignment, Proposal } from "~/client/types";
import { MaskDocument } from "~/lib/canvas/document";
import { openStore } from "~/lib/journal/store";
import { decodeMasks } from "~/lib/masks/masks";
import type { Frame } from "~/lib/stage/renderer";

export interface Work {
  assignment: Assignment;
  frame: Frame;
  doc: MaskDocument;
  /** The base annotation, where it came with the task; null: to be asked for. */
  proposals: Proposal[] | null;
  /** Where the drawing came from, so that the person is told. */
  restored: "journal" | "draft" | null;
}

export interface Progress {
  activeMs: number;
  clicks: number;
  proposalShown: boolean;
}

/** A task with the drawing that this device, or else the server, has of it; noted as begun. */
export async function openWork(assignment: Assignment, frame: Frame, labels: number[], rater: string): Promise<{ work: Work; progress: Progress }> {
  const { journal, shelf } = await openStore();
  const doc = new MaskDocument(frame.width, frame.height, labels);
  const { id } = assignment.task;
  let restored: Work["restored"] = null;
  let progress: Progress = { activeMs: 0, clicks: 0, proposalShown: false };
  const [mine, record] = await Promise.all([journal.load(rater, id, frame), shelf.get(id)]);
  if (mine) {
    doc.load(mine.masks);
    restored = doc.isEmpty() ? null : "journal";
    progress = { activeMs: mine.work.activeMs, clicks: mine.work.clicks, proposalShown: mine.work.proposalShown };
  } else if (assignment.draft && assignment.draft.masks.length > 0) {
    doc.load(await decodeMasks(assignment.draft.masks, frame));
    restored = "draft";
  }
  await journal.remember(rater, assignment, Date.now());
  return { work: { assignment, frame, doc, restored, proposals: record?.proposals ?? null }, progress };
}
