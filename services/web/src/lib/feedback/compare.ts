import { type BitMask, type Rect, unionRect } from "~/lib/canvas/bitmask";

/** Where on the structure something lies, seen on the picture. */
export type Side = "top" | "bottom" | "left" | "right" | "topLeft" | "topRight" | "bottomLeft" | "bottomRight";
export type Where = Side | "around";

export interface Comparison {
  mine: number;
  reference: number;
  missed: number;
  extra: number;
  dice: number;
  /** Mean distance between the two outlines, both ways, in pixels (and in mm where the spacing is known); null where one is empty. */
  boundaryPx: number | null;
  boundaryMm: number | null;
  /** Where most of what was missed, or of what was too much, lies; null where there is too little of it to speak of. */
  missedAt: Where | null;
  extraAt: Where | null;
  /** A part of the reference that was not touched at all, although others were. */
  partMissed: Side | null;
}

/** Below this share of the larger area, a difference is the thickness of a pen. */
const WORTH_A_WORD = 0.03;
/** Larger crops are compared at every second, third… pixel: the distance stays right to that many pixels. */
const MOST_PIXELS = 1 << 18;
/** A part of the reference smaller than this share of it is a crumb, not a part. */
const PART = 0.08;

/**
 * How a drawn mask compares with its reference. Sides are relative to the reference's middle, so "bottom" is the lower edge of the
 * structure. `spacing` is [row, column] in mm. The distance is the mean symmetric surface distance over boundary pixels (4-neighbours),
 * by an exact Euclidean distance transform (Felzenszwalb and Huttenlocher, Theory of Computing 8, 2012).
 */
export function compare(mine: BitMask, reference: BitMask, spacing: [number, number] | null = null): Comparison {
  const rect = unionRect(mine.bounds(), reference.bounds());
  if (!rect) return { mine: 0, reference: 0, missed: 0, extra: 0, dice: 1, boundaryPx: null, boundaryMm: null, missedAt: null, extraAt: null, partMissed: null };
  const missedMask = reference.clone();
  missedMask.andNot(mine);
  const extraMask = mine.clone();
  extraMask.andNot(reference);
  const [area, target, missed, extra] = [mine.count(), reference.count(), missedMask.count(), extraMask.count()];
  const both = target - missed;
  const worth = WORTH_A_WORD * Math.max(area, target);
  const a = crop(mine, rect);
  const b = crop(reference, rect);
  const middle = target > 0 ? centre(b) : centre(a);
  const part = target > 0 && area > 0 ? untouchedPart(a, b) : null;
  return {
    mine: area,
    reference: target,
    missed,
    extra,
    dice: (2 * both) / (area + target),
    ...distances(a, b, spacing),
    missedAt: missed > worth ? whereOf(crop(missedMask, rect), middle) : null,
    extraAt: extra > worth ? whereOf(crop(extraMask, rect), middle) : null,
    partMissed: part && sideOf(part, middle),
  };
}

interface Crop {
  width: number;
  height: number;
  /** Frame pixels to a pixel here. */
  step: number;
  bytes: Uint8Array;
}

interface Point {
  x: number;
  y: number;
}

/** The rectangle with a margin of one empty pixel, thinned where it is large. */
function crop(mask: BitMask, rect: Rect): Crop {
  const full = mask.toBytes(rect);
  const w = rect.x1 - rect.x0;
  const h = rect.y1 - rect.y0;
  const step = Math.max(1, Math.ceil(Math.sqrt((w * h) / MOST_PIXELS)));
  const width = Math.ceil(w / step) + 2;
  const height = Math.ceil(h / step) + 2;
  const bytes = new Uint8Array(width * height);
  for (let y = 0; y < height - 2; y++) for (let x = 0; x < width - 2; x++) bytes[(y + 1) * width + x + 1] = full[y * step * w + x * step]!;
  return { width, height, step, bytes };
}

function centre({ width, height, bytes }: Crop): Point {
  let [n, sx, sy] = [0, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (bytes[i] === 0) continue;
      n++;
      sx += x;
      sy += y;
    }
  }
  return n === 0 ? { x: width / 2, y: height / 2 } : { x: sx / n, y: sy / n };
}

/** The direction that most of the pixels lie in; "around" where no quarter or two neighbouring ones hold clearly most. */
function whereOf({ width, height, bytes }: Crop, middle: Point): Where {
  const quarters = { top: 0, right: 0, bottom: 0, left: 0 };
  let n = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (bytes[i] === 0) continue;
      n++;
      quarters[quarter(x - middle.x, y - middle.y)]++;
    }
  }
  const order = (["top", "right", "bottom", "left"] as const).map((name) => ({ name, share: n === 0 ? 0 : quarters[name] / n })).sort((p, q) => q.share - p.share);
  const [first, second] = [order[0]!, order[1]!];
  if (first.share >= 0.55) return first.name;
  const corner = joined(first.name, second.name);
  return corner && first.share + second.share >= 0.8 ? corner : "around";
}

type Quarter = "top" | "right" | "bottom" | "left";

function quarter(dx: number, dy: number): Quarter {
  if (Math.abs(dy) >= Math.abs(dx)) return dy < 0 ? "top" : "bottom";
  return dx < 0 ? "left" : "right";
}

function joined(a: Quarter, b: Quarter): Side | null {
  const vertical = [a, b].find((q) => q === "top" || q === "bottom");
  const horizontal = [a, b].find((q) => q === "left" || q === "right");
  return vertical && horizontal ? (`${vertical}${horizontal === "left" ? "Left" : "Right"}` as Side) : null;
}

function sideOf(p: Point, middle: Point): Side {
  const [dx, dy] = [p.x - middle.x, p.y - middle.y];
  const [along, across] = [Math.abs(dy), Math.abs(dx)];
  if (Math.min(along, across) > 0.5 * Math.max(along, across)) return joined(dy < 0 ? "top" : "bottom", dx < 0 ? "left" : "right")!;
  return quarter(dx, dy);
}

/** The middle of the largest connected part of the reference that `mine` doesn't touch; null where every part was found. */
function untouchedPart(mine: Crop, { width, bytes }: Crop): Point | null {
  const seen = new Uint8Array(bytes.length);
  const total = bytes.reduce((n, v) => n + v, 0);
  let found: { size: number; at: Point } | null = null;
  let touched = false;
  for (let start = 0; start < bytes.length; start++) {
    if (bytes[start] === 0 || seen[start] === 1) continue;
    const todo = [start];
    seen[start] = 1;
    let [size, sx, sy, hit] = [0, 0, 0, false];
    while (todo.length > 0) {
      const i = todo.pop()!;
      size++;
      sx += i % width;
      sy += Math.floor(i / width);
      hit ||= mine.bytes[i] === 1;
      for (const next of [i - width - 1, i - width, i - width + 1, i - 1, i + 1, i + width - 1, i + width, i + width + 1]) {
        if (bytes[next] === 1 && seen[next] === 0) {
          seen[next] = 1;
          todo.push(next);
        }
      }
    }
    touched ||= hit;
    if (!hit && size >= PART * total && size > (found?.size ?? 0)) found = { size, at: { x: sx / size, y: sy / size } };
  }
  return touched && found ? found.at : null;
}

function distances(a: Crop, b: Crop, spacing: [number, number] | null): { boundaryPx: number | null; boundaryMm: number | null } {
  const [edgeA, edgeB] = [boundary(a), boundary(b)];
  if (edgeA.length === 0 || edgeB.length === 0) return { boundaryPx: null, boundaryMm: null };
  const between = (row: number, column: number): number => {
    const toA = distanceTo(edgeA, a, row, column);
    const toB = distanceTo(edgeB, b, row, column);
    const sum = edgeA.reduce((s, i) => s + toB[i]!, 0) + edgeB.reduce((s, i) => s + toA[i]!, 0);
    return sum / (edgeA.length + edgeB.length);
  };
  return { boundaryPx: between(a.step, a.step), boundaryMm: spacing && between(a.step * spacing[0], a.step * spacing[1]) };
}

/** Pixels that are set and have a neighbour that isn't. */
function boundary({ width, bytes }: Crop): number[] {
  const edge: number[] = [];
  for (let i = width; i < bytes.length - width; i++) {
    if (bytes[i] === 1 && (bytes[i - 1] === 0 || bytes[i + 1] === 0 || bytes[i - width] === 0 || bytes[i + width] === 0)) edge.push(i);
  }
  return edge;
}

/** Distance of every pixel to the nearest of `points`, where a row is `row` and a column `column` long. */
function distanceTo(points: number[], { width, height }: Crop, row: number, column: number): Float64Array {
  const far = 1e20;
  const grid = new Float64Array(width * height).fill(far);
  for (const i of points) grid[i] = 0;
  const n = Math.max(width, height);
  const line = new Float64Array(n);
  const out = new Float64Array(n);
  const parabola = new Int32Array(n);
  const edge = new Float64Array(n + 1);
  const pass = (length: number, size: number): void => {
    let k = 0;
    parabola[0] = 0;
    edge[0] = -Infinity;
    edge[1] = Infinity;
    const s2 = size * size;
    for (let q = 1; q < length; q++) {
      let cut: number;
      for (;;) {
        const v = parabola[k]!;
        cut = (line[q]! / s2 + q * q - (line[v]! / s2 + v * v)) / (2 * (q - v));
        if (cut > edge[k]! || k === 0) break;
        k--;
      }
      if (cut > edge[k]!) k++;
      parabola[k] = q;
      edge[k] = cut;
      edge[k + 1] = Infinity;
    }
    for (let q = 0, j = 0; q < length; q++) {
      while (edge[j + 1]! < q) j++;
      const v = parabola[j]!;
      out[q] = s2 * (q - v) * (q - v) + line[v]!;
    }
  };
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) line[y] = grid[y * width + x]!;
    pass(height, row);
    for (let y = 0; y < height; y++) grid[y * width + x] = out[y]!;
  }
  for (let y = 0; y < height; y++) {
    line.set(grid.subarray(y * width, (y + 1) * width));
    pass(width, column);
    grid.set(out.subarray(0, width), y * width);
  }
  return grid.map(Math.sqrt);
}
