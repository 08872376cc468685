import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Assignment, SubmissionBody, SubmissionResult } from "~/client/types";

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

/** A submission that the server has not acknowledged yet. */
export interface QueueRecord {
  clientKey: string;
  lease: string;
  task: string;
  project: string;
  rater: string;
  body: SubmissionBody;
  createdAt: number;
  attempts: number;
  state: QueueState;
  reason?: string;
}

interface Schema extends DBSchema {
  layers: { key: string; value: LayerRecord; indexes: { task: string } };
  work: { key: string; value: WorkRecord; indexes: { project: string } };
  queue: { key: string; value: QueueRecord; indexes: { createdAt: number } };
}

export type Db = IDBPDatabase<Schema>;

export function openJournal(name = "bramble"): Promise<Db> {
  return openDB<Schema>(name, 1, {
    upgrade(db) {
      db.createObjectStore("layers", { keyPath: "key" }).createIndex("task", "task");
      db.createObjectStore("work", { keyPath: "task" }).createIndex("project", "project");
      db.createObjectStore("queue", { keyPath: "clientKey" }).createIndex("createdAt", "createdAt");
    },
  });
}

export type Sender = (lease: string, body: SubmissionBody) => Promise<SubmissionResult>;
