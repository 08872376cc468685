import type { Rect } from "~/lib/canvas/bitmask";
import type { Point } from "~/lib/canvas/shapes";
import { type Size, type View, toScreen } from "~/lib/canvas/view";

/** How near to the stage's edge the crosshair may come before the picture moves along, in CSS pixels. */
const MARGIN = 24;

/** Where the keyboard's crosshair goes, in pixels of the frame and never out of it; at first into the middle of what is seen. */
export function steppedTo(at: Point | null, dx: number, dy: number, frame: Size, seen: Rect): Point {
  const from = at ?? { x: Math.floor((seen.x0 + seen.x1) / 2) + 0.5, y: Math.floor((seen.y0 + seen.y1) / 2) + 0.5 };
  return {
    x: Math.min(frame.width - 0.5, Math.max(0.5, from.x + dx)),
    y: Math.min(frame.height - 0.5, Math.max(0.5, from.y + dy)),
  };
}

/** How far the picture must move, in CSS pixels, for a place of the frame to be well on the stage; zero where it is. */
export function intoSight(at: Point, view: View, stage: Size): Point {
  const s = toScreen(view, at);
  const short = (v: number, length: number): number => (v < MARGIN ? MARGIN - v : v > length - MARGIN ? length - MARGIN - v : 0);
  return { x: short(s.x, stage.width), y: short(s.y, stage.height) };
}
