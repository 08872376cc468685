import type { Assignment, Proposal } from "~/client/types";
import type { AheadRecord, Db } from "./db";

export interface Supply {
  frame: (url: string) => Promise<Blob>;
  proposals: (image: string) => Promise<Proposal[]>;
}

/**
 * Tasks that lie ready on this device: leases held ahead, with frame and proposals. What is taken from here needs no line.
 *
 * The server's answer is the truth about leases that it knows; a record that the answer leaves out is dropped. Without a line
 * nothing is dropped: a lease that ran out meanwhile is taken up again when the answer is sent.
 */
export class Shelf {
  private readonly listeners = new Set<() => void>();
  private fetching: Promise<void> | null = null;
  private readonly loading = new Map<string, Promise<Blob>>();

  constructor(
    private readonly db: Db,
    private readonly supply: Supply,
  ) {}

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private notify(): void {
    for (const l of this.listeners) l();
  }

  /** In the order in which the server gave them. */
  async all(rater: string, project: string): Promise<AheadRecord[]> {
    const all = await this.db.getAllFromIndex("ahead", "project", project);
    return all.filter((a) => a.rater === rater).sort((a, b) => a.order - b.order);
  }

  get(task: string): Promise<AheadRecord | undefined> {
    return this.db.get("ahead", task);
  }

  /** Tasks that nobody has opened yet and whose frame is here. */
  async ready(rater: string, project: string): Promise<AheadRecord[]> {
    return (await this.all(rater, project)).filter((a) => !a.taken && a.bytes !== null);
  }

  /** Brings the shelf in step with the server's leases; `busy` are tasks that are open or answered here. */
  async sync(rater: string, project: string, leases: readonly Assignment[], busy: ReadonlySet<string>): Promise<void> {
    const tx = this.db.transaction("ahead", "readwrite");
    const known = new Map((await tx.store.index("project").getAll(project)).map((a) => [a.task, a]));
    const wanted = new Set(leases.map((l) => l.task.id));
    for (const a of known.values()) if (a.rater !== rater || (!wanted.has(a.task) && !busy.has(a.task))) void tx.store.delete(a.task);
    leases.forEach((assignment, order) => {
      const task = assignment.task.id;
      if (busy.has(task)) return;
      const before = known.get(task);
      const mine = before?.rater === rater ? before : null;
      void tx.store.put({ task, project, rater, assignment, bytes: mine?.bytes ?? null, type: mine?.type ?? "", proposals: mine?.proposals ?? null, taken: mine?.taken ?? false, order });
    });
    await tx.done;
    this.notify();
  }

  /**
   * The next task, marked as taken in the same transaction, so that two pages never begin the same one; what is ready to be drawn
   * first. With `again`, also one that was taken before: by a page that is gone.
   */
  async take(rater: string, project: string, busy: ReadonlySet<string>, again = false): Promise<AheadRecord | null> {
    const tx = this.db.transaction("ahead", "readwrite");
    const free = (await tx.store.index("project").getAll(project)).filter((a) => a.rater === rater && !busy.has(a.task) && (again || !a.taken));
    free.sort((a, b) => Number(b.bytes !== null) - Number(a.bytes !== null) || a.order - b.order);
    const first = free[0];
    if (first) await tx.store.put({ ...first, taken: true });
    await tx.done;
    if (first) this.notify();
    return first ?? null;
  }

  /** The frame's bytes: from here, else from the server, and kept. */
  frame(record: AheadRecord): Promise<Blob> {
    if (record.bytes) return Promise.resolve(new Blob([record.bytes], { type: record.type }));
    const { task } = record;
    let loading = this.loading.get(task);
    if (!loading) {
      loading = this.load(record).finally(() => this.loading.delete(task));
      this.loading.set(task, loading);
    }
    return loading;
  }

  private async load(record: AheadRecord): Promise<Blob> {
    const blob = await this.supply.frame(record.assignment.task.image.frame_url);
    await this.keep(record.task, { bytes: await blob.arrayBuffer(), type: blob.type });
    return blob;
  }

  /** Fetches what is missing, one after the other: the picture at work goes first on a bad line. One round at a time. */
  fetch(rater: string, project: string): Promise<void> {
    this.fetching ??= this.fetchMissing(rater, project).finally(() => (this.fetching = null));
    return this.fetching;
  }

  private async fetchMissing(rater: string, project: string): Promise<void> {
    for (const record of await this.all(rater, project)) {
      if (!record.bytes) await this.frame(record);
      if (!record.proposals && record.assignment.task.has_proposal !== false) {
        await this.keep(record.task, { proposals: await this.supply.proposals(record.assignment.task.image.id) });
      }
    }
  }

  private async keep(task: string, part: Partial<AheadRecord>): Promise<void> {
    const tx = this.db.transaction("ahead", "readwrite");
    const record = await tx.store.get(task);
    if (record) await tx.store.put({ ...record, ...part });
    await tx.done;
    this.notify();
  }

  async drop(task: string): Promise<void> {
    await this.db.delete("ahead", task);
    this.notify();
  }
}
