import { useCallback, useEffect, useRef, useState } from "react";
import type { ApiError } from "~/client/http";
import type { Feedback } from "~/client/types";
import type { QueueRecord } from "~/lib/journal/db";
import { openStore } from "~/lib/journal/store";

export interface Late {
  kind: "expired" | "refused";
  error: ApiError;
}

const AGAIN_MS = 10_000;
/** An answer that has been on its way for so long, or has failed once, counts as waiting; a sound line is quicker, and says nothing. */
const WAITS_MS = 2000;

/**
 * The queue of answers as a page sees it: how many wait, another try whenever the line comes back, and what became of those that
 * nobody waits for any more. `awaiting` names the one whose outcome is dealt with where it was sent.
 */
export function useQueue(rater: string, onLate: (late: Late) => void) {
  const [waiting, setWaiting] = useState(0);
  const [late, setLate] = useState<{ record: QueueRecord; feedback: Feedback } | null>(null);
  const awaiting = useRef("");

  useEffect(() => {
    let stop = (): void => undefined;
    let gone = false;
    let recount = (): void => undefined;
    const flush = (): void => {
      recount();
      void openStore().then(({ queue }) => queue.flush(rater));
    };
    void openStore().then(({ queue }) => {
      if (gone) return;
      const count = (): void => void queue.all(rater).then((all) => setWaiting(all.filter((q) => !q.skip && (q.attempts > 0 || !navigator.onLine || Date.now() - q.createdAt > WAITS_MS)).length));
      recount = count;
      const stops = [
        queue.subscribe(count),
        queue.onSettled((record, outcome) => {
          if (record.rater !== rater || record.clientKey === awaiting.current || record.skip) return;
          if (outcome.kind === "expired" || outcome.kind === "refused") onLate({ kind: outcome.kind, error: outcome.error });
          else if (outcome.kind === "sent" && outcome.result?.feedback) setLate({ record, feedback: outcome.result.feedback });
        }),
      ];
      stop = () => stops.forEach((s) => s());
      count();
      flush();
    });
    const timer = setInterval(flush, AGAIN_MS);
    window.addEventListener("online", flush);
    return () => {
      gone = true;
      stop();
      clearInterval(timer);
      window.removeEventListener("online", flush);
    };
  }, [rater, onLate]);

  /** Tasks whose answer is on its way. */
  const pending = useCallback(async () => new Set((await (await openStore()).queue.all(rater)).map((q) => q.task)), [rater]);
  const dropLate = useCallback(() => setLate(null), []);
  return { waiting, pending, awaiting, late, dropLate };
}
