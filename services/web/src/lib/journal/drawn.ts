import type { LabelMask } from "~/client/types";
import { type Db, openDb } from "./db";

/** Enough for the stacks that somebody is in the middle of. */
const KEPT = 60;

const key = (rater: string, image: string): string => `${rater}:${image}`;

/** Notes what somebody answered to an image, so that the slice beside it can begin with it. A browser that keeps nothing goes without. */
export async function keepDrawn(rater: string, image: string, masks: LabelMask[], now: number, open: () => Promise<Db> = openDb): Promise<void> {
  try {
    const tx = (await open()).transaction("drawn", "readwrite");
    await tx.store.put({ key: key(rater, image), masks, at: now });
    const keys = await tx.store.index("at").getAllKeys();
    for (const old of keys.slice(0, Math.max(0, keys.length - KEPT))) void tx.store.delete(old);
    await tx.done;
  } catch {
    // Nothing but a convenience is lost.
  }
}

/** What the rater answered to an image on this device; null where nothing is known, also of a "nothing here". */
export async function drawnOn(rater: string, image: string, open: () => Promise<Db> = openDb): Promise<LabelMask[] | null> {
  const found = await open().then((db) => db.get("drawn", key(rater, image))).catch(() => undefined);
  return found && found.masks.length > 0 ? found.masks : null;
}
