import { ApiError, OfflineError } from "~/client/http";
import type { SubmissionResult } from "~/client/types";
import type { Db, QueueRecord, Sender } from "./db";

export type Outcome =
  | { kind: "sent"; result: SubmissionResult | null }
  | { kind: "waiting" }
  | { kind: "expired" | "refused"; error: ApiError };

export type Settled = (record: QueueRecord, outcome: Outcome) => void;

/**
 * Submissions on their way. Each is stored before it is sent and removed once the server has acknowledged it; its
 * client key makes sending again harmless. Offline, they wait, in order.
 */
export class SubmitQueue {
  private running: Promise<void> | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly hearers = new Set<Settled>();
  private readonly sending = new Map<string, Promise<Outcome>>();

  constructor(
    private readonly db: Db,
    private readonly send: Sender,
    /** Keeps what can't be sent any more elsewhere. Where it fails for good the record is given up all the same. */
    private readonly rescue: (record: QueueRecord) => Promise<void> = () => Promise.resolve(),
  ) {}

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Hears of every answer that has been sent or given up, whenever that is. */
  onSettled(hearer: Settled): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  private notify(): void {
    for (const l of this.listeners) l();
  }

  async all(rater?: string): Promise<QueueRecord[]> {
    const items = await this.db.getAllFromIndex("queue", "createdAt");
    return rater === undefined ? items : items.filter((i) => i.rater === rater);
  }

  /** Stores; resolves when that is safe. `sent` is the first try, which may take as long as the line does. */
  async put(record: Omit<QueueRecord, "attempts" | "state">): Promise<{ sent: Promise<Outcome> }> {
    await this.db.put("queue", { ...record, attempts: 0, state: "waiting" });
    this.notify();
    return { sent: this.attempt(record.clientKey) };
  }

  /** Stores first, then tries once. "waiting" means: safe on this device, to be sent later. */
  async submit(record: Omit<QueueRecord, "attempts" | "state">): Promise<Outcome> {
    return (await this.put(record)).sent;
  }

  /** Sends what waits, oldest first; stops at the first sign that the server cannot be reached. */
  flush(rater: string): Promise<void> {
    this.running ??= this.drain(rater).finally(() => (this.running = null));
    return this.running;
  }

  private async drain(rater: string): Promise<void> {
    for (const record of await this.all(rater)) {
      if (record.state !== "waiting") continue;
      const outcome = await this.attempt(record.clientKey);
      if (outcome.kind === "waiting") return;
    }
  }

  private attempt(clientKey: string): Promise<Outcome> {
    const known = this.sending.get(clientKey);
    if (known) return known;
    const run = this.once(clientKey).finally(() => this.sending.delete(clientKey));
    this.sending.set(clientKey, run);
    return run;
  }

  private async once(clientKey: string): Promise<Outcome> {
    const record = await this.db.get("queue", clientKey);
    // Another page of this device has sent it.
    if (!record) return { kind: "sent", result: null };
    let outcome: Outcome;
    try {
      outcome = { kind: "sent", result: await this.send(record) };
    } catch (error) {
      outcome = classify(error);
    }
    if (outcome.kind === "expired" || outcome.kind === "refused") {
      // While the line or the server is what keeps the drawing from being saved elsewhere, it stays here, to be tried again.
      await this.rescue(record).catch((error: unknown) => {
        if ((error instanceof OfflineError || error instanceof ApiError) && classify(error).kind === "waiting") outcome = { kind: "waiting" };
      });
    }
    if (outcome.kind === "waiting") {
      await this.db.put("queue", { ...record, attempts: record.attempts + 1 });
    } else {
      await this.db.delete("queue", clientKey);
    }
    this.notify();
    for (const hear of this.hearers) hear(record, outcome);
    return outcome;
  }
}

/** What a failed send means for the submission: wait, or tell the person why it cannot go. */
export function classify(error: unknown): Outcome {
  if (error instanceof OfflineError) return { kind: "waiting" };
  if (error instanceof ApiError) {
    if (error.status === 410 || error.status === 404 || error.code.startsWith("lease-")) {
      return { kind: "expired", error };
    }
    // Not logged in, an old token, too many requests, a server in trouble: the submission is fine, its time will come.
    if (error.status === 401 || error.status === 429 || error.status >= 500 || error.code === "csrf") return { kind: "waiting" };
    return { kind: "refused", error };
  }
  return { kind: "waiting" };
}
