import { queryOptions, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "~/client/api";
import type { LabelMask } from "~/client/types";
import { drawnOn } from "~/lib/journal/drawn";
import { useSession } from "~/lib/session/session";
import { type Frame, loadFrame } from "~/lib/stage/frame";

export type Side = "before" | "after";
export const SIDES = ["before", "after"] as const;

/** The stack is asked about once the image itself is there and the person at work: it is never waited for. */
const LATER_MS = 1200;

export interface Stack {
  /** Which neighbours there are. */
  has: Record<Side, boolean>;
  /** The neighbour that is shown in the picture's place. */
  shown: Side | null;
  frame: Frame | null;
  loading: boolean;
  failed: boolean;
  /** The slice beside this one whose answer of one's own can be taken over, the one before if both can. */
  copyFrom: Side | null;
  masks: LabelMask[] | null;
  toggle: (side: Side) => void;
  close: () => void;
}

/** Outside of the hook, whose scope holds the picture and the drawing: the cache keeps the function, and with it all that it closes over. */
const neighbours = (image: string | null) =>
  queryOptions({
    queryKey: ["neighbours", image],
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    queryFn: ({ signal }) => api.neighbours(image ?? "", signal),
  });

/** The slices beside an image: to look at in its place, and to begin with what one drew on them. */
export function useStack(imageId: string | null, size: { width: number; height: number }): Stack {
  const { me } = useSession();
  const rater = me?.id ?? "";
  const [due, setDue] = useState<string | null>(null);
  const [at, setAt] = useState<{ image: string | null; side: Side } | null>(null);
  const frames = useRef(new Map<string, Promise<Frame>>());
  const [loaded, setLoaded] = useState<{ id: string; frame: Frame | null } | null>(null);

  useEffect(() => {
    const held = frames.current;
    const timer = setTimeout(() => setDue(imageId), LATER_MS);
    return () => {
      clearTimeout(timer);
      // Decoded pictures are large: none outlives the image that they were compared with.
      for (const frame of held.values()) void frame.then((f) => "close" in f.picture && f.picture.close()).catch(() => undefined);
      held.clear();
    };
  }, [imageId]);

  const query = useQuery({ ...neighbours(imageId), enabled: imageId !== null && due === imageId });
  const beside = query.data ?? null;
  const mine = useQuery({
    queryKey: ["drawn-beside", imageId, rater, beside?.before?.id, beside?.after?.id],
    enabled: beside !== null && rater !== "",
    gcTime: 0,
    queryFn: async () => {
      for (const side of SIDES) {
        const masks = beside?.[side] ? await drawnOn(rater, beside[side].id) : null;
        if (masks?.some((m) => m.rle.size[0] === size.height && m.rle.size[1] === size.width)) return { side, masks };
      }
      return null;
    },
  });

  const side = at && at.image === imageId ? at.side : null;
  const shownId = side ? beside?.[side]?.id : undefined;
  const url = side ? beside?.[side]?.frame_url : undefined;
  useEffect(() => {
    if (!shownId || !url) return;
    let gone = false;
    let frame = frames.current.get(shownId);
    if (!frame) {
      frame = api.frame(url).then(loadFrame);
      frames.current.set(shownId, frame);
    }
    frame.then(
      (f) => !gone && setLoaded({ id: shownId, frame: f }),
      () => {
        frames.current.delete(shownId);
        if (!gone) setLoaded({ id: shownId, frame: null });
      },
    );
    return () => {
      gone = true;
    };
  }, [shownId, url]);

  const toggle = useCallback(
    (to: Side) => {
      if (!beside?.[to]) return;
      setLoaded(null);
      setAt((now) => (now?.image === imageId && now.side === to ? null : { image: imageId, side: to }));
    },
    [beside, imageId],
  );
  const close = useCallback(() => setAt(null), []);
  const here = loaded && loaded.id === shownId ? loaded : null;
  return {
    has: { before: Boolean(beside?.before), after: Boolean(beside?.after) },
    shown: side,
    frame: here?.frame ?? null,
    loading: side !== null && here === null,
    failed: here !== null && here.frame === null,
    copyFrom: mine.data?.side ?? null,
    masks: mine.data?.masks ?? null,
    toggle,
    close,
  };
}
