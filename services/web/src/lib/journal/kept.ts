import { OfflineError } from "~/client/http";
import { openDb } from "./db";

/** The server's answer, or without a line the one that it gave last. `keep` says what of it may stay on the device. */
export async function kept<T>(key: string, ask: () => Promise<T>, keep: (value: T) => T = (v) => v): Promise<T> {
  try {
    const value = await ask();
    // A browser that keeps nothing (private window, full disk) works on, only not without a line.
    await openDb().then((db) => db.put("kept", { key, value: keep(value) })).catch(() => undefined);
    return value;
  } catch (error) {
    if (!(error instanceof OfflineError)) throw error;
    const before = await openDb().then((db) => db.get("kept", key)).catch(() => undefined);
    if (before) return before.value as T;
    throw error;
  }
}
