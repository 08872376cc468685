import type { Assignment, Proposal } from "~/client/types";
import { MaskDocument } from "~/lib/canvas/document";
import type { Journal } from "~/lib/journal/journal";
import { openStore } from "~/lib/journal/store";
import { decodeMasks } from "~/lib/masks/masks";
import type { Frame } from "~/lib/stage/frame";

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

/** What is fetched of a task before its turn comes: the picture, decoded, and what this device has of it. */
export interface Prepared {
  task: string;
  frame: Frame;
  mine: Awaited<ReturnType<Journal["load"]>>;
  proposals: Proposal[] | null;
}

export async function prepare(task: string, rater: string, picture: () => Promise<Frame>): Promise<Prepared> {
  const { journal, shelf } = await openStore();
  const [frame, record] = await Promise.all([picture(), shelf.get(task)]);
  return { task, frame, mine: await journal.load(rater, task, frame), proposals: record?.proposals ?? null };
}

/** A task with the drawing that this device, or else the server, has of it. */
export async function openWork(assignment: Assignment, prepared: Prepared, labels: number[]): Promise<{ work: Work; progress: Progress }> {
  const { frame, mine, proposals } = prepared;
  const doc = new MaskDocument(frame.width, frame.height, labels);
  let restored: Work["restored"] = null;
  let progress: Progress = { activeMs: 0, clicks: 0, proposalShown: false };
  if (mine) {
    doc.load(mine.masks);
    restored = doc.isEmpty() ? null : "journal";
    progress = { activeMs: mine.work.activeMs, clicks: mine.work.clicks, proposalShown: mine.work.proposalShown };
  } else if (assignment.draft && assignment.draft.masks.length > 0) {
    doc.load(await decodeMasks(assignment.draft.masks, frame));
    restored = "draft";
  }
  return { work: { assignment, frame, doc, restored, proposals }, progress };
}
