import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "~/client/api";
import { ApiError, OfflineError } from "~/client/http";
import type { Assignment, Feedback, Project, SubmissionBody } from "~/client/types";
import { MaskDocument } from "~/lib/canvas/document";
import { openStore } from "~/lib/journal/store";
import { decodeMasks, encodeMasks } from "~/lib/masks/masks";
import { type Frame, loadFrame } from "~/lib/stage/renderer";

export interface Work {
  assignment: Assignment;
  frame: Frame;
  doc: MaskDocument;
  /** Where the drawing came from, so that the person is told. */
  restored: "journal" | "draft" | null;
}

export type Phase =
  | { name: "loading" }
  | { name: "drawing" }
  | { name: "sending" }
  | { name: "feedback"; feedback: Feedback }
  | { name: "none" }
  | { name: "offline" }
  | { name: "failed"; error: unknown };

export type News = "sent" | "queued" | "skipped" | "expired" | "refused" | null;

interface Labelling {
  phase: Phase;
  work: Work | null;
  news: News;
  reason: string;
  waiting: number;
  expiresAt: number;
  strokes: (labels: number[]) => void;
  clicked: (n: number) => void;
  proposalShown: () => void;
  submit: (options: { nothingHere: boolean; comment?: string; unsure?: boolean }) => Promise<void>;
  skip: (reason?: string) => Promise<void>;
  next: () => Promise<void>;
}

const DRAFT_EVERY_MS = 12_000;
const IDLE_MS = 30_000;

/**
 * One rater's way through a project: lease, draw, keep, send, next. Every stroke is in the journal before the next
 * one begins; the server's draft follows behind, for another device.
 */
export function useLabelling(project: Project | undefined, rater: string | undefined): Labelling {
  const [phase, setPhase] = useState<Phase>({ name: "loading" });
  const [work, setWork] = useState<Work | null>(null);
  const [news, setNews] = useState<News>(null);
  const [reason, setReason] = useState("");
  const [waiting, setWaiting] = useState(0);
  const [expiresAt, setExpiresAt] = useState(0);
  const current = useRef<Work | null>(null);
  const progress = useRef({ activeMs: 0, clicks: 0, proposalShown: false, last: 0 });
  const draftDue = useRef<ReturnType<typeof setTimeout> | null>(null);
  const busy = useRef(false);
  const projectId = project?.id;
  const labelIds = project?.labels.map((l) => l.id).join(",");

  const touch = useCallback(() => {
    const p = progress.current;
    const now = performance.now();
    // Time at work, not time with the tab open: a pause for coffee is not labelling.
    if (p.last > 0) p.activeMs += Math.min(IDLE_MS, now - p.last);
    p.last = now;
  }, []);

  const open = useCallback(
    async (assignment: Assignment) => {
      const { journal } = await openStore();
      const { image } = assignment.task;
      const frame = await loadFrame(await api.frame(image.frame_url));
      const doc = new MaskDocument(frame.width, frame.height, (labelIds ?? "").split(",").map(Number));
      let restored: Work["restored"] = null;
      const mine = await journal.load(rater ?? "", assignment.task.id, frame);
      progress.current = { activeMs: 0, clicks: 0, proposalShown: false, last: performance.now() };
      if (mine) {
        doc.load(mine.masks);
        restored = doc.isEmpty() ? null : "journal";
        Object.assign(progress.current, { activeMs: mine.work.activeMs, clicks: mine.work.clicks, proposalShown: mine.work.proposalShown });
      } else if (assignment.draft && assignment.draft.masks.length > 0) {
        doc.load(await decodeMasks(assignment.draft.masks, frame));
        restored = "draft";
      }
      await journal.remember(rater ?? "", assignment, Date.now());
      const next: Work = { assignment, frame, doc, restored };
      current.current = next;
      setWork(next);
      setExpiresAt(Date.parse(assignment.lease.expires_at));
      setPhase({ name: "drawing" });
    },
    [labelIds, rater],
  );

  const next = useCallback(async () => {
    if (!projectId || !rater || busy.current) return;
    busy.current = true;
    setPhase({ name: "loading" });
    try {
      const { queue, journal } = await openStore();
      await queue.flush(rater);
      let assignment: Assignment | null;
      try {
        assignment = await api.next(projectId);
      } catch (error) {
        if (!(error instanceof OfflineError)) throw error;
        // No line: go on with what was begun here, unless it is already on its way.
        const begun = await journal.latest(rater, projectId);
        const sent = new Set((await queue.all(rater)).map((q) => q.task));
        if (!begun || sent.has(begun.task)) {
          setPhase({ name: "offline" });
          return;
        }
        assignment = begun.assignment;
      }
      if (assignment) await open(assignment);
      else {
        current.current = null;
        setWork(null);
        setPhase({ name: "none" });
      }
    } catch (error) {
      setPhase(error instanceof OfflineError ? { name: "offline" } : { name: "failed", error });
    } finally {
      busy.current = false;
    }
  }, [projectId, rater, open]);

  useEffect(() => {
    void next();
  }, [next]);

  // The queue: count, and another try whenever the line comes back.
  useEffect(() => {
    if (!rater) return;
    let stop = (): void => undefined;
    let gone = false;
    const flush = (): void => void openStore().then(({ queue }) => queue.flush(rater));
    void openStore().then(({ queue }) => {
      if (gone) return;
      const count = (): void => void queue.all(rater).then((all) => setWaiting(all.filter((q) => q.state === "waiting").length));
      stop = queue.subscribe(count);
      count();
    });
    const timer = setInterval(flush, 20_000);
    window.addEventListener("online", flush);
    return () => {
      gone = true;
      stop();
      clearInterval(timer);
      window.removeEventListener("online", flush);
    };
  }, [rater]);

  // The lease: renewed while someone is at work, well before it ends.
  useEffect(() => {
    if (phase.name !== "drawing" || expiresAt === 0) return;
    const left = expiresAt - Date.now();
    const timer = setTimeout(() => {
      const w = current.current;
      if (!w || performance.now() - progress.current.last > 5 * 60_000) return;
      api
        .renew(w.assignment.lease.id)
        .then((l) => setExpiresAt(Date.parse(l.expires_at)))
        .catch((error: unknown) => {
          if (error instanceof ApiError && error.status === 410) setNews("expired");
        });
    }, Math.max(15_000, Math.min(left * 0.5, 600_000)));
    return () => clearTimeout(timer);
  }, [phase, expiresAt]);

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
      if (!w || !rater) return;
      const { journal } = await openStore();
      const { activeMs, clicks, proposalShown } = progress.current;
      await journal.save(rater, w.assignment, w.doc, labels, { activeMs, clicks, proposalShown }, Date.now());
      draftDue.current ??= setTimeout(() => void saveDraft(), DRAFT_EVERY_MS);
    },
    [rater, saveDraft],
  );

  useEffect(
    () => () => {
      if (draftDue.current) clearTimeout(draftDue.current);
    },
    [],
  );

  const strokes = useCallback(
    (labels: number[]) => {
      touch();
      progress.current.clicks++;
      setNews((n) => (n === "sent" || n === "skipped" ? null : n));
      void keep(labels);
    },
    [touch, keep],
  );

  const submit = useCallback(
    async (options: { nothingHere: boolean; comment?: string; unsure?: boolean }) => {
      const w = current.current;
      if (!w || !rater || busy.current) return;
      busy.current = true;
      touch();
      setPhase({ name: "sending" });
      try {
        const { journal, queue } = await openStore();
        const masks = options.nothingHere ? [] : await encodeMasks(w.doc);
        const body: SubmissionBody = {
          client_key: crypto.randomUUID(),
          masks,
          duration_ms: Math.round(progress.current.activeMs),
          clicks: progress.current.clicks,
          proposal_shown: progress.current.proposalShown,
        };
        if (options.nothingHere) body.nothing_here = true;
        if (options.comment) body.comment = options.comment;
        if (options.unsure) body.unsure = true;
        if (draftDue.current) clearTimeout(draftDue.current);
        draftDue.current = null;
        const { lease, task } = w.assignment;
        const outcome = await queue.submit({ clientKey: body.client_key, lease: lease.id, task: task.id, project: task.project_id, rater, body, createdAt: Date.now() });
        busy.current = false;
        if (outcome.kind === "expired" || outcome.kind === "refused") {
          // The drawing stays in the journal: the next lease on this image brings it back.
          await queue.drop(body.client_key);
          setNews(outcome.kind);
          setReason(outcome.reason);
          if (outcome.kind === "expired") await next();
          else setPhase({ name: "drawing" });
          return;
        }
        await journal.forget(task.id);
        setNews(outcome.kind === "sent" ? "sent" : "queued");
        if (outcome.kind === "sent" && outcome.result.feedback) setPhase({ name: "feedback", feedback: outcome.result.feedback });
        else await next();
      } catch (error) {
        setPhase({ name: "failed", error });
      } finally {
        busy.current = false;
      }
    },
    [rater, touch, next],
  );

  const skip = useCallback(
    async (why?: string) => {
      const w = current.current;
      if (!w || busy.current) return;
      busy.current = true;
      try {
        await api.skip(w.assignment.lease.id, why);
        await (await openStore()).journal.forget(w.assignment.task.id);
        setNews("skipped");
      } catch (error) {
        if (!(error instanceof ApiError)) {
          setPhase({ name: "failed", error });
          return;
        }
        setNews("expired");
      } finally {
        busy.current = false;
      }
      await next();
    },
    [next],
  );

  const clicked = useCallback((n: number) => {
    progress.current.clicks += n;
  }, []);
  const proposalShown = useCallback(() => {
    progress.current.proposalShown = true;
  }, []);

  return { phase, work, news, reason, waiting, expiresAt, strokes, clicked, proposalShown, submit, skip, next };
}
