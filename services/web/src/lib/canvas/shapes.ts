import { type BitMask, type Rect, clipRect } from "./bitmask";

export interface Point {
  /** Right, in pixels of the frame; the centre of the top left pixel is (0.5, 0.5). */
  x: number;
  y: number;
}

export type SpanSink = (y: number, x0: number, x1: number) => void;

/**
 * Rows of the capsule that a round brush of `radius` sweeps from a to b: a pixel belongs to it when its centre does.
 * The capsule is convex, so each row is one span. The pixel under each end always belongs, so that a brush of one
 * pixel leaves an unbroken line.
 */
export function capsuleSpans(a: Point, b: Point, radius: number, sink: SpanSink): void {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  // A path too short to have a direction is a dot: with denormals the normal below would not be of length one.
  const way = Math.hypot(dx, dy);
  const length = way < 1e-9 ? 0 : way;
  if (radius <= 0.75) {
    thinLine(a, b, sink);
    return;
  }
  const nx = length > 0 ? (-dy / length) * radius : 0;
  const ny = length > 0 ? (dx / length) * radius : 0;
  const quad: Point[] = [
    { x: a.x + nx, y: a.y + ny },
    { x: b.x + nx, y: b.y + ny },
    { x: b.x - nx, y: b.y - ny },
    { x: a.x - nx, y: a.y - ny },
  ];
  const top = Math.floor(Math.min(a.y, b.y) - radius);
  const bottom = Math.ceil(Math.max(a.y, b.y) + radius);
  for (let y = top; y <= bottom; y++) {
    const cy = y + 0.5;
    let lo = Infinity;
    let hi = -Infinity;
    for (const c of [a, b]) {
      const d = radius * radius - (cy - c.y) * (cy - c.y);
      if (d < 0) continue;
      const h = Math.sqrt(d);
      lo = Math.min(lo, c.x - h);
      hi = Math.max(hi, c.x + h);
    }
    if (length > 0) {
      for (let i = 0; i < 4; i++) {
        const p = quad[i]!;
        const q = quad[(i + 1) % 4]!;
        if (p.y === q.y || cy < Math.min(p.y, q.y) || cy > Math.max(p.y, q.y)) continue;
        const x = p.x + ((cy - p.y) / (q.y - p.y)) * (q.x - p.x);
        lo = Math.min(lo, x);
        hi = Math.max(hi, x);
      }
    }
    const x0 = Math.ceil(lo - 0.5);
    const x1 = Math.floor(hi - 0.5) + 1;
    if (x0 < x1) sink(y, x0, x1);
  }
}

function thinLine(a: Point, b: Point, sink: SpanSink): void {
  const steps = Math.max(1, Math.ceil(Math.max(Math.abs(b.x - a.x), Math.abs(b.y - a.y))));
  for (let i = 0; i <= steps; i++) {
    const x = Math.floor(a.x + ((b.x - a.x) * i) / steps);
    sink(Math.floor(a.y + ((b.y - a.y) * i) / steps), x, x + 1);
  }
}

/** Rectangle that surely holds the capsule, clipped; null when it lies outside. */
export function capsuleRect(a: Point, b: Point, radius: number, width: number, height: number): Rect | null {
  const r = radius + 1;
  return clipRect(
    {
      x0: Math.floor(Math.min(a.x, b.x) - r),
      y0: Math.floor(Math.min(a.y, b.y) - r),
      x1: Math.ceil(Math.max(a.x, b.x) + r) + 1,
      y1: Math.ceil(Math.max(a.y, b.y) + r) + 1,
    },
    width,
    height,
  );
}

/** Spans of a closed polygon, even-odd rule at pixel centres. Fewer than three corners fill nothing. */
export function polygonSpans(points: readonly Point[], height: number, sink: SpanSink): void {
  if (points.length < 3) return;
  let top = Infinity;
  let bottom = -Infinity;
  for (const p of points) {
    top = Math.min(top, p.y);
    bottom = Math.max(bottom, p.y);
  }
  const y0 = Math.max(0, Math.ceil(top - 0.5));
  const y1 = Math.min(height - 1, Math.floor(bottom - 0.5));
  const xs: number[] = [];
  for (let y = y0; y <= y1; y++) {
    const cy = y + 0.5;
    xs.length = 0;
    for (let i = 0; i < points.length; i++) {
      const p = points[i]!;
      const q = points[(i + 1) % points.length]!;
      // Half-open in y, so that a corner on the line counts once.
      if (p.y <= cy !== q.y <= cy) xs.push(p.x + ((cy - p.y) / (q.y - p.y)) * (q.x - p.x));
    }
    xs.sort((m, n) => m - n);
    for (let i = 0; i + 1 < xs.length; i += 2) {
      const x0 = Math.ceil(xs[i]! - 0.5);
      const x1 = Math.floor(xs[i + 1]! - 0.5) + 1;
      if (x0 < x1) sink(y, x0, x1);
    }
  }
}

/** Corners of a freehand path with those closer than `step` pixels to the last kept one left out. */
export function thinPath(path: readonly Point[], step = 0.75): Point[] {
  const out: Point[] = [];
  for (const p of path) {
    const last = out[out.length - 1];
    if (!last || Math.hypot(p.x - last.x, p.y - last.y) >= step) out.push(p);
  }
  return out;
}

export function fillPolygon(mask: BitMask, points: readonly Point[], value: boolean): void {
  polygonSpans(points, mask.height, (y, x0, x1) => mask.fillSpan(y, x0, x1, value));
}
