import { type RefObject, useEffect, useState } from "react";
import { api } from "~/client/api";
import { ApiError } from "~/client/http";
import type { Work } from "./work";

const AWAY_MS = 5 * 60_000;

/** Renews the lease while someone is at work, well before it ends; answers when it ends, in milliseconds. */
export function useLease(work: Work | null, progress: RefObject<{ last: number }>, onGone: () => void): number {
  const id = work?.assignment.lease.id;
  const first = work ? Date.parse(work.assignment.lease.expires_at) : 0;
  const [renewed, setRenewed] = useState({ id, at: first });
  const expiresAt = renewed.id === id ? renewed.at : first;
  useEffect(() => {
    if (!id || expiresAt === 0) return;
    const timer = setTimeout(
      () => {
        if (performance.now() - progress.current.last > AWAY_MS) return;
        api
          .renew(id)
          .then((l) => setRenewed({ id, at: Date.parse(l.expires_at) }))
          .catch((error: unknown) => {
            if (error instanceof ApiError && error.status === 410) onGone();
          });
      },
      Math.max(15_000, Math.min((expiresAt - Date.now()) * 0.5, 600_000)),
    );
    return () => clearTimeout(timer);
  }, [id, expiresAt, progress, onGone]);
  return expiresAt;
}
