import type { Point } from "./shapes";

/** How the frame lies on the screen: screen = frame × scale + offset, in CSS pixels of the stage. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export const MAX_SCALE = 48;
/** From this many screen pixels a frame pixel on, the grid of pixels is drawn. */
export const GRID_SCALE = 12;

export function fit(frame: Size, stage: Size, margin = 16): View {
  const scale = Math.max(0.01, Math.min((stage.width - 2 * margin) / frame.width, (stage.height - 2 * margin) / frame.height));
  return { scale, x: (stage.width - frame.width * scale) / 2, y: (stage.height - frame.height * scale) / 2 };
}

export function toFrame(view: View, screen: Point): Point {
  return { x: (screen.x - view.x) / view.scale, y: (screen.y - view.y) / view.scale };
}

export function toScreen(view: View, frame: Point): Point {
  return { x: frame.x * view.scale + view.x, y: frame.y * view.scale + view.y };
}

/** Zooms by a factor and leaves the frame point under `at` where it is. */
export function zoomAt(view: View, factor: number, at: Point, minScale: number): View {
  const scale = Math.min(MAX_SCALE, Math.max(minScale, view.scale * factor));
  const k = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * k, y: at.y - (at.y - view.y) * k };
}

/** Keeps at least `keep` screen pixels of the frame on the stage, so that it cannot be lost. */
export function clampView(view: View, frame: Size, stage: Size, keep = 48): View {
  const w = frame.width * view.scale;
  const h = frame.height * view.scale;
  return {
    scale: view.scale,
    x: Math.min(stage.width - keep, Math.max(keep - w, view.x)),
    y: Math.min(stage.height - keep, Math.max(keep - h, view.y)),
  };
}

/** The view in which the two fingers that lay on `from` lie on `to`: one move of a pinch. */
export function pinch(view: View, from: readonly [Point, Point], to: readonly [Point, Point], minScale: number): View {
  const d0 = Math.hypot(from[0].x - from[1].x, from[0].y - from[1].y);
  const d1 = Math.hypot(to[0].x - to[1].x, to[0].y - to[1].y);
  const m0 = { x: (from[0].x + from[1].x) / 2, y: (from[0].y + from[1].y) / 2 };
  const m1 = { x: (to[0].x + to[1].x) / 2, y: (to[0].y + to[1].y) / 2 };
  const zoomed = zoomAt(view, d0 > 0 ? d1 / d0 : 1, m0, minScale);
  return { ...zoomed, x: zoomed.x + m1.x - m0.x, y: zoomed.y + m1.y - m0.y };
}
