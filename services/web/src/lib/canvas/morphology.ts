import { type BitMask, type Rect, clipRect } from "./bitmask";

/** Sets every pixel that 4-connected background does not reach from the image's edge. */
export function fillHoles(mask: BitMask): void {
  const bounds = mask.bounds();
  if (!bounds) return;
  const { w, h, cells } = padded(mask, bounds);
  flood(cells, w, h, 0, 0, 2);
  for (let y = 1; y < h - 1; y++) {
    for (let x = 1; x < w - 1; x++) if (cells[y * w + x] === 0) mask.set(bounds.x0 + x - 1, bounds.y0 + y - 1, true);
  }
}

/** Keeps the largest 8-connected part; of several of the same size the one met first, from the top left. */
export function keepLargest(mask: BitMask): void {
  const bounds = mask.bounds();
  if (!bounds) return;
  const w = bounds.x1 - bounds.x0;
  const h = bounds.y1 - bounds.y0;
  const cells = mask.toBytes(bounds);
  const part = new Int32Array(w * h);
  const stack = new Int32Array(w * h);
  let parts = 0;
  let best = 0;
  let bestSize = 0;
  for (let s = 0; s < cells.length; s++) {
    if (cells[s] === 0 || part[s] !== 0) continue;
    parts++;
    let size = 0;
    let top = 0;
    stack[top++] = s;
    part[s] = parts;
    while (top > 0) {
      const p = stack[--top]!;
      size++;
      const px = p % w;
      const py = (p - px) / w;
      for (let y = Math.max(0, py - 1); y <= Math.min(h - 1, py + 1); y++) {
        for (let x = Math.max(0, px - 1); x <= Math.min(w - 1, px + 1); x++) {
          const q = y * w + x;
          if (cells[q] === 1 && part[q] === 0) {
            part[q] = parts;
            stack[top++] = q;
          }
        }
      }
    }
    if (size > bestSize) {
      bestSize = size;
      best = parts;
    }
  }
  if (parts < 2) return;
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] === 1 && part[i] !== best) mask.set(bounds.x0 + (i % w), bounds.y0 + Math.floor(i / w), false);
  }
}

/** Majority of the 5 × 5 neighbourhood: rounds off teeth and drops specks; what lies outside counts as background. */
export function smooth(mask: BitMask): void {
  const tight = mask.bounds();
  if (!tight) return;
  const b = clipRect({ x0: tight.x0 - 2, y0: tight.y0 - 2, x1: tight.x1 + 2, y1: tight.y1 + 2 }, mask.width, mask.height)!;
  const w = b.x1 - b.x0;
  const h = b.y1 - b.y0;
  // Summed-area table with one row and column of zeros: a window's sum is four reads.
  const sum = new Int32Array((w + 1) * (h + 1));
  const cells = mask.toBytes(b);
  for (let y = 0; y < h; y++) {
    let row = 0;
    for (let x = 0; x < w; x++) {
      row += cells[y * w + x]!;
      sum[(y + 1) * (w + 1) + x + 1] = sum[y * (w + 1) + x + 1]! + row;
    }
  }
  for (let y = 0; y < h; y++) {
    const ya = Math.max(0, y - 2);
    const yb = Math.min(h, y + 3);
    for (let x = 0; x < w; x++) {
      const xa = Math.max(0, x - 2);
      const xb = Math.min(w, x + 3);
      const s = sum[yb * (w + 1) + xb]! - sum[ya * (w + 1) + xb]! - sum[yb * (w + 1) + xa]! + sum[ya * (w + 1) + xa]!;
      mask.set(b.x0 + x, b.y0 + y, s > 12);
    }
  }
}

function padded(mask: BitMask, bounds: Rect): { w: number; h: number; cells: Uint8Array } {
  const inner = mask.toBytes(bounds);
  const iw = bounds.x1 - bounds.x0;
  const w = iw + 2;
  const h = bounds.y1 - bounds.y0 + 2;
  const cells = new Uint8Array(w * h);
  for (let y = 0; y < h - 2; y++) cells.set(inner.subarray(y * iw, (y + 1) * iw), (y + 1) * w + 1);
  return { w, h, cells };
}

/** Scan-line flood of the 4-connected region of zeros around (sx, sy). */
function flood(cells: Uint8Array, w: number, h: number, sx: number, sy: number, value: number): void {
  const stack: number[] = [sy * w + sx];
  while (stack.length > 0) {
    const p = stack.pop()!;
    if (cells[p] !== 0) continue;
    const y = Math.floor(p / w);
    let x0 = p % w;
    let x1 = x0 + 1;
    while (x0 > 0 && cells[y * w + x0 - 1] === 0) x0--;
    while (x1 < w && cells[y * w + x1] === 0) x1++;
    cells.fill(value, y * w + x0, y * w + x1);
    for (const ny of [y - 1, y + 1]) {
      if (ny < 0 || ny >= h) continue;
      let open = false;
      for (let x = x0; x < x1; x++) {
        const free = cells[ny * w + x] === 0;
        if (free && !open) stack.push(ny * w + x);
        open = free;
      }
    }
  }
}
