import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api } from "~/client/api";
import { OfflineError } from "~/client/http";
import type { Assignment } from "~/client/types";
import { openStore } from "~/lib/journal/store";
import { loadFrame } from "~/lib/stage/frame";
import { type Prepared, type Work, prepare } from "./work";

/** Held for the next image to be there at once, and when work is taken along (docs/decisions/006-tasks-ahead.md). */
const PREFETCH = 2;
export const ALONG = 20;

const KEY = "bramble.along.";

export type Ahead = ReturnType<typeof useAhead>;

/**
 * Keeps tasks ready on this device: leases held ahead, frames and proposals fetched, the next frame decoded.
 * `current` is the task at work, `pending` those whose answers are on their way: both are held as leases, and are no supply.
 */
export function useAhead(project: string, rater: string, current: RefObject<Work | null>, pending: () => Promise<Set<string>>) {
  const [along, setAlongState] = useState(() => localStorage.getItem(KEY + project) !== null);
  const [working, setWorking] = useState(false);
  const filling = useRef<Promise<void> | null>(null);
  const wanted = useRef(along ? ALONG : PREFETCH);
  const decoded = useRef<{ task: string; ready: Promise<Prepared> } | null>(null);

  const busyTasks = useCallback(async () => {
    const busy = await pending();
    const at = current.current?.assignment.task.id;
    if (at) busy.add(at);
    return busy;
  }, [pending, current]);

  /** Decodes the frame that comes next, so that it only has to be drawn. */
  const preload = useCallback(async () => {
    const { shelf } = await openStore();
    const busy = await busyTasks();
    const first = (await shelf.ready(rater, project)).find((a) => !busy.has(a.task));
    if (!first || decoded.current?.task === first.task) return;
    const ready = prepare(first.task, rater, () => shelf.frame(first).then(loadFrame));
    ready.catch(() => (decoded.current = null));
    decoded.current = { task: first.task, ready };
  }, [rater, project, busyTasks]);

  /** Asks for leases and fetches what they need. One at a time: asked meanwhile, it answers with the one that runs. */
  const fill = useCallback((): Promise<void> => {
    filling.current ??= (async () => {
      const { shelf, queue } = await openStore();
      await queue.flush(rater);
      // Busy when it was asked counts too: the server may name a task that has been answered before its own answer is here.
      const before = await busyTasks();
      const answer = await api.next(project, wanted.current);
      await shelf.sync(rater, project, answer ? [answer, ...(answer.ahead ?? [])] : [], new Set([...before, ...(await busyTasks())]));
      // Two images ahead are nobody's concern; twenty are waited for.
      setWorking(wanted.current === ALONG);
      // Not waited for: the task at work needs only its own frame.
      void shelf
        .fetch(rater, project)
        .then(preload)
        .catch(() => undefined)
        .finally(() => setWorking(false));
    })().finally(() => (filling.current = null));
    return filling.current;
  }, [rater, project, busyTasks, preload]);

  /** The next task to draw: the one that was begun before the page was left, one that lies ready, or the server's. */
  const take = useCallback(
    async (resume: boolean): Promise<Assignment | null> => {
      const { shelf, journal } = await openStore();
      const busy = await busyTasks();
      if (resume) {
        const before = await journal.latest(rater, project);
        // One that ran out is asked for again: where somebody else has its place, time on it would be lost.
        const live = before && Date.parse(before.assignment.lease.expires_at) > Date.now();
        if (before && !busy.has(before.task) && (live || !navigator.onLine)) return before.assignment;
      }
      const ready = await shelf.take(rater, project, busy);
      if (ready) return ready.assignment;
      const found = async () => (await shelf.take(rater, project, busy)) ?? (await shelf.take(rater, project, busy, true));
      const underWay = filling.current !== null;
      try {
        await fill();
        const first = await found();
        // One that was under way asked before the newest answers were in, and may have brought none but their images: only a fresh one knows.
        if (first || !underWay) return first?.assignment ?? null;
        await fill();
        return (await found())?.assignment ?? null;
      } catch (error) {
        if (!(error instanceof OfflineError)) throw error;
        const before = await journal.latest(rater, project);
        if (before && !busy.has(before.task)) return before.assignment;
        throw error;
      }
    },
    [rater, project, busyTasks, fill],
  );

  /** All that drawing on the task needs: prepared ahead, from the shelf's bytes, or from the server. */
  const preloaded = useCallback(
    async ({ task }: Assignment): Promise<Prepared> => {
      const held = decoded.current?.task === task.id ? decoded.current : null;
      decoded.current = null;
      if (held) return held.ready;
      const { shelf } = await openStore();
      return prepare(task.id, rater, async () => {
        const record = await shelf.get(task.id);
        return loadFrame(await (record ? shelf.frame(record) : api.frame(task.image.frame_url)));
      });
    },
    [rater],
  );

  /** Gives back the leases that nobody has begun. */
  const giveBack = useCallback(async () => {
    const { shelf } = await openStore();
    decoded.current = null;
    for (const a of (await shelf.all(rater, project)).filter((r) => !r.taken)) {
      await shelf.drop(a.task);
      // Where this does not arrive, the lease ends by itself.
      await api.giveBack(a.assignment.lease.id).catch(() => undefined);
    }
  }, [rater, project]);

  const setAlong = useCallback(
    async (on: boolean) => {
      setAlongState(on);
      wanted.current = on ? ALONG : PREFETCH;
      if (on) localStorage.setItem(KEY + project, "1");
      else {
        localStorage.removeItem(KEY + project);
        await giveBack();
      }
      await fill();
    },
    [project, fill, giveBack],
  );

  useEffect(
    () => () => {
      // Whoever goes to other pages leaves the prefetched places to others.
      if (wanted.current === PREFETCH) void giveBack();
    },
    [giveBack],
  );

  return useMemo(() => ({ along, working, setAlong, fill, take, preloaded }), [along, working, setAlong, fill, take, preloaded]);
}

/** How many tasks lie ready. Apart from `useAhead`: it changes several times an image, and only one line of the page shows it. */
export function useReady(project: string, rater: string): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    let stop = (): void => undefined;
    let gone = false;
    void openStore().then(({ shelf }) => {
      if (gone) return;
      const tell = (): void => void shelf.ready(rater, project).then((all) => setCount(all.length));
      stop = shelf.subscribe(tell);
      tell();
    });
    return () => {
      gone = true;
      stop();
    };
  }, [rater, project]);
  return count;
}
