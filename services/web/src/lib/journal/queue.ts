import { ApiError, OfflineError } from "~/client/http";
import type { SubmissionResult } from "~/client/types";
import type { Db, QueueRecord, Sender } from "./db";

export type Outcome =
  | { kind: "sent"; result: SubmissionResult }
  | { kind: "waiting" }
  | { kind: "expired"; reason: string }
  | { kind: "refused"; reason: string };

/**
 * Submissions on their way. Each is stored before it is sent and removed once the server has acknowledged it; its
 * client key makes sending again harmless. Offline, they wait, in order.
 */
export class SubmitQueue {
  private running: Promise<void> | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly sending = new Map<string, Promise<Outcome>>();

  constructor(
    private readonly db: Db,
    private readonly send: Sender,
  ) {}

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private notify(): void {
    for (const l of this.listeners) l();
  }

  async all(rater?: string): Promise<QueueRecord[]> {
    const items = await this.db.getAllFromIndex("queue", "createdAt");
    return rater === undefined ? items : items.filter((i) => i.rater === rater);
  }

  /** Stores first, then tries once. "waiting" means: safe on this device, to be sent later. */
  async submit(record: Omit<QueueRecord, "attempts" | "state">): Promise<Outcome> {
    await this.db.put("queue", { ...record, attempts: 0, state: "waiting" });
    this.notify();
    return this.attempt(record.clientKey);
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
    if (!record) return { kind: "waiting" };
    try {
      const result = await this.send(record.lease, record.body);
      await this.db.delete("queue", clientKey);
      this.notify();
      return { kind: "sent", result };
    } catch (error) {
      const outcome = classify(error);
      const state = outcome.kind === "sent" ? "waiting" : outcome.kind;
      await this.db.put("queue", { ...record, attempts: record.attempts + 1, state, reason: "reason" in outcome ? outcome.reason : undefined });
      this.notify();
      return outcome;
    }
  }

  async drop(clientKey: string): Promise<void> {
    await this.db.delete("queue", clientKey);
    this.notify();
  }
}

/** What a failed send means for the submission: wait, or tell the person why it cannot go. */
export function classify(error: unknown): Outcome {
  if (error instanceof OfflineError) return { kind: "waiting" };
  if (error instanceof ApiError) {
    if (error.status === 410 || error.status === 404 || error.code.startsWith("lease-")) {
      return { kind: "expired", reason: error.message };
    }
    // Not logged in, too many requests, a server in trouble: the submission is fine, its time will come.
    if (error.status === 401 || error.status === 429 || error.status >= 500) return { kind: "waiting" };
    return { kind: "refused", reason: error.message };
  }
  return { kind: "waiting" };
}
