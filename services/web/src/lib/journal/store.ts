import { api } from "~/client/api";
import { ApiError } from "~/client/http";
import type { SubmissionResult } from "~/client/types";
import { type QueueRecord, openDb } from "./db";
import { Journal } from "./journal";
import { SubmitQueue } from "./queue";
import { Shelf } from "./shelf";

export interface Store {
  journal: Journal;
  queue: SubmitQueue;
  shelf: Shelf;
}

let store: Promise<Store> | null = null;

/** The device's journal, queue and shelf, opened once a page. */
export function openStore(): Promise<Store> {
  store ??= openDb().then((opened) => ({
    journal: new Journal(opened),
    queue: new SubmitQueue(opened, send, rescue),
    shelf: new Shelf(opened, { frame: (url) => api.frame(url), proposals: async (image) => (await api.proposals(image)).items }),
  }));
  return store;
}

/** A lease that ran out on the way is taken up again where its place is still free; its answer then counts. */
async function send(record: QueueRecord): Promise<SubmissionResult | null> {
  if (record.skip) {
    await api.skip(record.lease, record.skip.reason);
    return null;
  }
  try {
    return await api.submit(record.lease, record.body);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "lease-expired") throw error;
    await api.renew(record.lease);
    return api.submit(record.lease, record.body);
  }
}

/** The place is gone; the drawing is kept at the server as a draft, and comes back when the image does. */
async function rescue(record: QueueRecord): Promise<void> {
  if (!record.skip && record.body.masks.length > 0) await api.saveDraft(record.lease, record.body.masks);
}
