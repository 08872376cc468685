import { api } from "~/client/api";
import { openJournal } from "./db";
import { Journal } from "./journal";
import { SubmitQueue } from "./queue";

export interface Store {
  journal: Journal;
  queue: SubmitQueue;
}

let store: Promise<Store> | null = null;

/** The device's journal and queue, opened once a page. */
export function openStore(): Promise<Store> {
  store ??= openJournal().then((db) => ({ journal: new Journal(db), queue: new SubmitQueue(db, (lease, body) => api.submit(lease, body)) }));
  return store;
}
