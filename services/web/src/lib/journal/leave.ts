import { type AheadRecord, type Db, openDb } from "./db";

/** Longer than this nobody is kept from leaving: what was not given back by then ends by itself. */
const PATIENCE_MS = 3000;

/** Leases that the rater holds here and has drawn nothing under: opened and left without a stroke is not begun. */
async function unbegun(db: Db, rater: string): Promise<AheadRecord[]> {
  const mine = (await db.getAll("ahead")).filter((a) => a.rater === rater);
  const answered = new Set((await db.getAll("queue")).map((q) => q.lease));
  const drawn = await Promise.all(mine.map(async (a) => (await db.get("work", a.task))?.rater === rater && (await db.countFromIndex("layers", "task", a.task)) > 0));
  return mine.filter((a, i) => !drawn[i] && !answered.has(a.assignment.lease.id));
}

/**
 * Logs out of a device that others may use next: places held for images that nobody has begun are free for others at once, and
 * whoever comes next finds nothing. Drawings and answers on their way stay, bound to their rater, and so does a drawing's lease.
 * Without a line `logout` throws, and all is as it was: work taken along is not lost by a tap.
 */
export async function leaveDevice(rater: string, giveBack: (lease: string) => Promise<unknown>, logout: () => Promise<unknown>, open: () => Promise<Db> = openDb): Promise<void> {
  // A browser that keeps nothing (private window, full disk) has nothing to give back or to clear.
  const db = await open().catch(() => null);
  const free = db ? await unbegun(db, rater) : [];
  await Promise.race([Promise.allSettled(free.map((a) => giveBack(a.assignment.lease.id))), new Promise((r) => setTimeout(r, PATIENCE_MS))]);
  await logout();
  if (db) await Promise.all([db.clear("kept"), db.clear("ahead"), db.clear("drawn"), ...free.map((a) => db.delete("work", a.task))]);
}
