import type { Rect } from "./bitmask";
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

/** Size of the map of a frame, its longer side `side`; a sliver stays wide enough to be pressed. */
export function minimapSize(frame: Size, side: number): Size {
  const k = side / Math.max(frame.width, frame.height);
  return { width: Math.max(side / 4, frame.width * k), height: Math.max(side / 4, frame.height * k) };
}

/** A part of the frame on its map, never thinner than three pixels there. */
export function toMinimap(part: Rect, frame: Size, map: Size): Rect {
  const side = (a: number, b: number, n: number, m: number): [number, number] => {
    const low = Math.min(m - 3, Math.max(0, (a / n) * m));
    return [low, Math.min(m, Math.max(low + 3, (b / n) * m))];
  };
  const [x0, x1] = side(part.x0, part.x1, frame.width, map.width);
  const [y0, y1] = side(part.y0, part.y1, frame.height, map.height);
  return { x0, y0, x1, y1 };
}

/** The place of the frame under a place of its map, which may lie beside the map while it is dragged. */
export function fromMinimap(at: Point, frame: Size, map: Size): Point {
  const clamp = (v: number): number => Math.min(1, Math.max(0, v));
  return { x: clamp(at.x / map.width) * frame.width, y: clamp(at.y / map.height) * frame.height };
}

/** The view at the same zoom that has a place of the frame in the middle of the stage. */
export function centreOn(view: View, at: Point, stage: Size): View {
  return { scale: view.scale, x: stage.width / 2 - at.x * view.scale, y: stage.height / 2 - at.y * view.scale };
}
