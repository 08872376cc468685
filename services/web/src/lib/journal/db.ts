import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Assignment, LabelMask, Proposal, SubmissionBody, SubmissionResult } from "~/client/types";

/** One layer as it was after the last stroke. Bits, not run lengths: writing it must not cost the pen a frame. */
export interface LayerRecord {
  key: string;
  task: string;
  label: number;
  width: number;
  height: number;
  words: Uint32Array;
}

/** A drawing that has begun and is not yet queued. */
export interface WorkRecord {
  task: string;
  project: string;
  rater: string;
  assignment: Assignment;
  updatedAt: number;
  activeMs: number;
  clicks: number;
  proposalShown: boolean;
}

export type QueueState = "waiting" | "expired" | "refused";

/** A submission that the server has not acknowledged yet, or a skip where `skip` is there. */
export interface QueueRecord {
  clientKey: string;
  lease: string;
  task: string;
  project: string;
  rater: string;
  body: SubmissionBody;
  /** Where the frame is, so that a reference's answer that comes late can still be shown on it. */
  frameUrl?: string;
  skip?: { reason?: string };
  createdAt: number;
  attempts: number;
  state: QueueState;
  reason?: string;
}

/** A lease held ahead, with all that drawing on its image needs; `bytes` and `proposals` are null until they are fetched. */
export interface AheadRecord {
  task: string;
  project: string;
  rater: string;
  assignment: Assignment;
  bytes: ArrayBuffer | null;
  type: string;
  proposals: Proposal[] | null;
  /** Open in a page: no other page of this device begins it. */
  taken: boolean;
  order: number;
}

interface Schema extends DBSchema {
  layers: { key: string; value: LayerRecord; indexes: { task: string } };
  work: { key: string; value: WorkRecord; indexes: { project: string } };
  queue: { key: string; value: QueueRecord; indexes: { createdAt: number } };
  ahead: { key: string; value: AheadRecord; indexes: { project: string } };
  /** What was answered lately, by rater and image: what the slice beside can begin with. */
  drawn: { key: string; value: { key: string; masks: LabelMask[]; at: number }; indexes: { at: number } };
  /** Answers of the server that a page begun without a line needs: who is here, the project. */
  kept: { key: string; value: { key: string; value: unknown } };
}

export type Db = IDBPDatabase<Schema>;

export function openJournal(name = "bramble"): Promise<Db> {
  return openDB<Schema>(name, 3, {
    upgrade(db, from) {
      if (from < 1) {
        db.createObjectStore("layers", { keyPath: "key" }).createIndex("task", "task");
        db.createObjectStore("work", { keyPath: "task" }).createIndex("project", "project");
        db.createObjectStore("queue", { keyPath: "clientKey" }).createIndex("createdAt", "createdAt");
      }
      if (from < 2) {
        db.createObjectStore("ahead", { keyPath: "task" }).createIndex("project", "project");
        db.createObjectStore("kept", { keyPath: "key" });
      }
      if (from < 3) db.createObjectStore("drawn", { keyPath: "key" }).createIndex("at", "at");
    },
    // A page of the release before must not keep the new one out.
    blocking: (_from, _to, event) => (event.target as IDBDatabase).close(),
  });
}

let shared: Promise<Db> | null = null;

/** The device's own, opened once a page. */
export function openDb(): Promise<Db> {
  shared ??= openJournal();
  return shared;
}

/** Answers null for a skip. */
export type Sender = (record: QueueRecord) => Promise<SubmissionResult | null>;
