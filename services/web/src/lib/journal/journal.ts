import { BitMask } from "~/lib/canvas/bitmask";
import type { MaskDocument } from "~/lib/canvas/document";
import type { Assignment } from "~/client/types";
import type { Db, WorkRecord } from "./db";

export interface Progress {
  activeMs: number;
  clicks: number;
  proposalShown: boolean;
}

/**
 * The drawing on this device. Each committed stroke writes the layer it touched; a reload, a crash or an empty
 * battery finds the drawing where it was. One person's drawing is never shown to the next one on a shared tablet.
 */
export class Journal {
  constructor(private readonly db: Db) {}

  async save(rater: string, assignment: Assignment, doc: MaskDocument, labels: readonly number[], progress: Progress, now: number): Promise<void> {
    const task = assignment.task.id;
    const tx = this.db.transaction(["layers", "work"], "readwrite");
    const layers = tx.objectStore("layers");
    for (const label of labels) {
      const mask = doc.layer(label);
      void layers.put({ key: `${task}:${label}`, task, label, width: mask.width, height: mask.height, words: mask.words.slice() });
    }
    void tx.objectStore("work").put({ task, project: assignment.task.project_id, rater, assignment, updatedAt: now, ...progress });
    await tx.done;
  }

  /** The rater's drawing of this task, or null. A drawing of another size (the image was replaced) is not offered. */
  async load(rater: string, task: string, size: { width: number; height: number }): Promise<{ work: WorkRecord; masks: { label: number; mask: BitMask }[] } | null> {
    const work = await this.db.get("work", task);
    if (work?.rater !== rater) return null;
    const layers = await this.db.getAllFromIndex("layers", "task", task);
    const masks = layers.filter((l) => l.width === size.width && l.height === size.height).map((l) => ({ label: l.label, mask: new BitMask(l.width, l.height, l.words) }));
    return masks.length > 0 ? { work, masks } : null;
  }

  /** The newest unfinished drawing of a project, so that work goes on even where the server cannot be asked. */
  async latest(rater: string, project: string): Promise<WorkRecord | null> {
    const all = await this.db.getAllFromIndex("work", "project", project);
    return all.filter((w) => w.rater === rater).sort((a, b) => b.updatedAt - a.updatedAt)[0] ?? null;
  }

  async remember(rater: string, assignment: Assignment, now: number): Promise<void> {
    const task = assignment.task.id;
    // In one transaction: a first stroke that is saved meanwhile comes after it, and is not forgotten with another's drawing.
    const tx = this.db.transaction(["layers", "work"], "readwrite");
    const known = await tx.objectStore("work").get(task);
    if (known?.rater === rater) void tx.objectStore("work").put({ ...known, assignment });
    else {
      const layers = tx.objectStore("layers");
      for (const key of await layers.index("task").getAllKeys(task)) void layers.delete(key);
      void tx.objectStore("work").put({ task, project: assignment.task.project_id, rater, assignment, updatedAt: now, activeMs: 0, clicks: 0, proposalShown: false });
    }
    await tx.done;
  }

  async forget(task: string): Promise<void> {
    const tx = this.db.transaction(["layers", "work"], "readwrite");
    const layers = tx.objectStore("layers");
    for (const key of await layers.index("task").getAllKeys(task)) void layers.delete(key);
    void tx.objectStore("work").delete(task);
    await tx.done;
  }
}
