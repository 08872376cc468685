import { useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { api } from "~/client/api";
import { type ApiError, OfflineError } from "~/client/http";
import type { Feedback, Project, SubmissionBody } from "~/client/types";
import { MaskDocument } from "~/lib/canvas/document";
import type { QueueRecord } from "~/lib/journal/db";
import { keepDrawn } from "~/lib/journal/drawn";
import { openStore } from "~/lib/journal/store";
import { decodeMasks, encodeMasks } from "~/lib/masks/masks";
import { measure } from "~/lib/measure";
import { loadFrame } from "~/lib/stage/frame";
import { useAhead } from "./useAhead";
import { useLease } from "./useLease";
import { type Late, useQueue } from "./useQueue";
import { type Work, openWork } from "./work";

export type { Work } from "./work";

export type Phase =
  | { name: "loading" }
  | { name: "drawing" }
  | { name: "sending" }
  /** `of` is there where the answer's receipt came late, and another image is at work meanwhile. */
  | { name: "feedback"; feedback: Feedback; of?: Work }
  | { name: "none" }
  | { name: "offline" }
  | { name: "failed"; error: unknown };

export type News = "sent" | "queued" | "skipped" | "expired" | "refused" | null;

/** How long after the press the next image may wait for the receipt of the last answer: a reference's comparison belongs before it. */
const RECEIPT_MS = 80;
/** From here on a wait is said; a shorter one would only flicker. */
const SLOW_MS = 150;
const DRAFT_EVERY_MS = 12_000;
const IDLE_MS = 30_000;

/**
 * One rater's way through a project: lease, draw, keep, send, next. Every stroke is in the journal before the next
 * one begins; the server's draft follows behind, for another device. The next task lies ready on the device, so an answer
 * on a bad line costs no waiting: it is stored, and sent when it can be.
 */
export function useLabelling(project: Project, rater: string) {
  const [phase, setPhase] = useState<Phase>({ name: "loading" });
  const [work, setWork] = useState<Work | null>(null);
  const [news, setNews] = useState<News>(null);
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const current = useRef<Work | null>(null);
  const progress = useRef({ activeMs: 0, clicks: 0, proposalShown: false, last: 0 });
  const draftDue = useRef<ReturnType<typeof setTimeout> | null>(null);
  const busy = useRef(false);
  const begun = useRef(false);
  const submittedAt = useRef(0);
  /** The next task, looked for while the last answer's receipt is awaited. */
  const coming = useRef<ReturnType<typeof find> | null>(null);
  const projectId = project.id;
  const labelIds = project.labels.map((l) => l.id).join(",");

  const heard = useCallback((late: Late) => {
    setNews(late.kind);
    setRefusal(late.error);
  }, []);
  const { waiting, pending, awaiting, late, dropLate } = useQueue(rater, heard);
  const ahead = useAhead(projectId, rater, current, pending);
  const { fill, take, preloaded } = ahead;
  const ranOut = useCallback(() => {
    setNews("expired");
    setRefusal(null);
  }, []);
  const expiresAt = useLease(phase.name === "drawing" ? work : null, progress, ranOut);

  const touch = useCallback(() => {
    const p = progress.current;
    const now = performance.now();
    // Time at work, not time with the tab open: a pause for coffee is not labelling.
    if (p.last > 0) p.activeMs += Math.min(IDLE_MS, now - p.last);
    p.last = now;
  }, []);

  /** The next task with all that drawing on it needs; null where there is none. */
  const find = useCallback(async () => {
    const assignment = await take(!begun.current);
    begun.current = true;
    return assignment && openWork(assignment, await preloaded(assignment), labelIds.split(",").map(Number));
  }, [take, preloaded, labelIds]);

  /** Begins to look for the next task while the answer to this one is still being stored: this one counts as busy until then. */
  const lookAhead = useCallback(() => {
    coming.current ??= find();
    coming.current.catch(() => undefined); // said when it is its turn
  }, [find]);

  const next = useCallback(async () => {
    if (busy.current) return;
    busy.current = true;
    const slow = setTimeout(() => setPhase({ name: "loading" }), SLOW_MS);
    try {
      const opened = await (coming.current ?? find());
      if (opened) {
        const { assignment } = opened.work;
        progress.current = { ...opened.progress, last: performance.now() };
        current.current = opened.work;
        // Now, not when the scheduler comes to it: this is what somebody waits for.
        flushSync(() => {
          setWork(opened.work);
          setPhase({ name: "drawing" });
        });
        // Not waited for: until the first stroke there is nothing to find again but the image itself.
        void openStore().then(({ journal }) => journal.remember(rater, assignment, Date.now())).catch(() => undefined);
        void fill().catch(() => undefined);
      } else {
        current.current = null;
        setWork(null);
        setPhase({ name: "none" });
      }
    } catch (error) {
      setPhase(error instanceof OfflineError ? { name: "offline" } : { name: "failed", error });
    } finally {
      clearTimeout(slow);
      coming.current = null;
      busy.current = false;
    }
  }, [find, fill, rater]);

  useEffect(() => {
    void next();
  }, [next]);

  const saveDraft = useCallback(async () => {
    draftDue.current = null;
    const w = current.current;
    if (!w) return;
    try {
      await api.saveDraft(w.assignment.lease.id, await encodeMasks(w.doc));
    } catch {
      // The journal holds the drawing; the draft is only for other devices, and the next stroke tries again.
    }
  }, []);

  const keep = useCallback(
    async (labels: number[]) => {
      const w = current.current;
      if (!w) return;
      const { journal } = await openStore();
      const { activeMs, clicks, proposalShown } = progress.current;
      await journal.save(rater, w.assignment, w.doc, labels, { activeMs, clicks, proposalShown }, Date.now());
      draftDue.current ??= setTimeout(() => void saveDraft(), DRAFT_EVERY_MS);
    },
    [rater, saveDraft],
  );

  const noDraft = useCallback(() => {
    if (draftDue.current) clearTimeout(draftDue.current);
    draftDue.current = null;
  }, []);
  useEffect(() => noDraft, [noDraft]);

  const strokes = useCallback(
    (labels: number[]) => {
      touch();
      progress.current.clicks++;
      setNews((n) => (n === "sent" || n === "skipped" ? null : n));
      void keep(labels);
    },
    [touch, keep],
  );

  /** Stores what goes to the server under the lease at work, and forgets the drawing that it came of. */
  const hand = useCallback(
    async (w: Work, pressed: number, body: SubmissionBody, skip?: QueueRecord["skip"]) => {
      noDraft();
      const { journal, queue, shelf } = await openStore();
      const { lease: l, task } = w.assignment;
      awaiting.current = body.client_key;
      const { sent } = await queue.put({ clientKey: body.client_key, lease: l.id, task: task.id, project: task.project_id, rater, body, frameUrl: task.image.frame_url, ...(skip ? { skip } : {}), createdAt: Date.now() });
      // The answer is safe: the rest is tidying, and the next image waits for none of it.
      current.current = null;
      void Promise.all([shelf.drop(task.id), journal.forget(task.id)]).catch(() => undefined);
      if (!skip) void keepDrawn(rater, task.image.id, body.masks, Date.now());
      const left = navigator.onLine ? Math.max(0, RECEIPT_MS - (performance.now() - pressed)) : 0;
      const outcome = await Promise.race([sent, new Promise<null>((r) => setTimeout(() => r(null), left))]);
      awaiting.current = "";
      return outcome;
    },
    [rater, awaiting, noDraft],
  );

  const submit = useCallback(
    async (options: { nothingHere: boolean; comment?: string; unsure?: boolean }) => {
      const w = current.current;
      if (!w || busy.current) return;
      busy.current = true;
      submittedAt.current = performance.now();
      touch();
      // The next image mostly comes before a "sending" could be read; until it is said, `busy` holds off a second answer.
      const slow = setTimeout(() => setPhase({ name: "sending" }), SLOW_MS);
      lookAhead();
      let outcome: Awaited<ReturnType<typeof hand>>;
      try {
        const masks = options.nothingHere ? [] : await encodeMasks(w.doc);
        const { activeMs, clicks, proposalShown } = progress.current;
        const body: SubmissionBody = { client_key: crypto.randomUUID(), masks, duration_ms: Math.round(activeMs), clicks, proposal_shown: proposalShown };
        if (options.nothingHere) body.nothing_here = true;
        if (options.comment) body.comment = options.comment;
        if (options.unsure) body.unsure = true;
        outcome = await hand(w, submittedAt.current, body);
      } catch (error) {
        setPhase({ name: "failed", error });
        return;
      } finally {
        clearTimeout(slow);
        busy.current = false;
      }
      // A receipt that is still on its way is no bad news; what waits is counted in the head of the page.
      const kind = outcome?.kind ?? (navigator.onLine ? "sent" : "waiting");
      setNews(kind === "waiting" ? "queued" : kind);
      setRefusal(outcome && "error" in outcome ? outcome.error : null);
      if (outcome?.kind === "sent" && outcome.result?.feedback) setPhase({ name: "feedback", feedback: outcome.result.feedback });
      else await next();
    },
    [touch, hand, lookAhead, next],
  );

  const skip = useCallback(
    async (why?: string) => {
      const w = current.current;
      if (!w || busy.current) return;
      busy.current = true;
      lookAhead();
      try {
        const outcome = await hand(w, performance.now(), { client_key: crypto.randomUUID(), masks: [] }, why ? { reason: why } : {});
        setNews(outcome?.kind === "expired" ? "expired" : "skipped");
        setRefusal(outcome && "error" in outcome ? outcome.error : null);
      } catch (error) {
        setPhase({ name: "failed", error });
        return;
      } finally {
        busy.current = false;
      }
      await next();
    },
    [hand, lookAhead, next],
  );

  /** A comparison that came with a late receipt, on the image that it belongs to. */
  const review = useCallback(async () => {
    if (!late) return;
    dropLate();
    try {
      const frame = await loadFrame(await api.frame(late.record.frameUrl ?? ""));
      const doc = new MaskDocument(frame.width, frame.height, labelIds.split(",").map(Number));
      doc.load(await decodeMasks(late.record.body.masks, frame));
      const w = current.current;
      setPhase({ name: "feedback", feedback: late.feedback, ...(w ? { of: { ...w, frame, doc } } : {}) });
    } catch {
      // The picture can't be had now; the comparison stays on the pages of one's own work.
    }
  }, [late, dropLate, labelIds]);

  const onward = useCallback(async () => {
    if (current.current) setPhase({ name: "drawing" });
    else await next();
  }, [next]);

  const clicked = useCallback((n: number) => {
    progress.current.clicks += n;
  }, []);
  const proposalShown = useCallback(() => {
    progress.current.proposalShown = true;
  }, []);
  const drawn = useCallback(() => {
    if (submittedAt.current > 0) measure("next", performance.now() - submittedAt.current);
    submittedAt.current = 0;
  }, []);

  useEffect(() => {
    // Back on line with nothing to do: go on by itself.
    if (phase.name !== "offline") return;
    const again = (): void => void next();
    window.addEventListener("online", again);
    return () => window.removeEventListener("online", again);
  }, [phase, next]);

  return { phase, work, news, refusal, waiting, expiresAt, late, ahead, strokes, clicked, proposalShown, drawn, submit, skip, next: onward, review };
}
