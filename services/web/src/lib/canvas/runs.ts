import type { BitMask, Rect } from "./bitmask";

/** Runs of equal pixels inside of a rectangle, from the top left row by row: run i is pixels [from[i], to[i]) of its row. */
export interface Runs {
  from: number[];
  to: number[];
  /** Where the runs of each row begin, and behind the last row how many there are. */
  rows: number[];
}

/** The runs of set pixels of `rect`, or of unset ones. Looks at whole words: the inside of an area costs an operation for 32 pixels. */
export function runsOf(mask: BitMask, rect: Rect, value: boolean): Runs {
  const { words, stride } = mask;
  const flip = value ? 0 : -1;
  const runs: Runs = { from: [], to: [], rows: [] };
  const first = rect.x0 >> 5;
  const last = (rect.x1 - 1) >> 5;
  for (let y = rect.y0; y < rect.y1; y++) {
    runs.rows.push(runs.from.length);
    let start = -1;
    for (let w = first; w <= last; w++) {
      let bits = words[y * stride + w]! ^ flip;
      if (w === first) bits &= -1 << (rect.x0 & 31);
      if (w === last) bits &= -1 >>> (31 - ((rect.x1 - 1) & 31));
      const base = w * 32;
      // Where the run that is open ends: at the lowest bit that is not set.
      if (start >= 0) {
        if (bits === -1) continue;
        runs.from.push(start);
        runs.to.push(base + lowest(~bits));
        start = -1;
        bits &= bits + 1; // the ones at the low end belong to the run that was closed
      }
      while (bits !== 0) {
        const a = lowest(bits);
        const rest = ~bits & (-1 << a);
        if (rest === 0) {
          start = base + a;
          break;
        }
        const b = lowest(rest);
        runs.from.push(base + a);
        runs.to.push(base + b);
        bits &= -1 << b;
      }
    }
    if (start >= 0) {
      runs.from.push(start);
      runs.to.push(rect.x1);
    }
  }
  runs.rows.push(runs.from.length);
  return runs;
}

/** Place of the lowest bit that is set; the word must not be 0. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/**
 * Which part each run belongs to, named by the part's first run: runs of rows that touch are joined, over corners as well where
 * `diagonal` is said.
 */
export function partsOf({ from, to, rows }: Runs, diagonal: boolean): Int32Array {
  const root = Int32Array.from(from, (_, i) => i);
  const find = (i: number): number => {
    let r = i;
    while (root[r] !== r) r = root[r]!;
    for (let k = i; root[k] !== r; ) [k, root[k]] = [root[k]!, r];
    return r;
  };
  const reach = diagonal ? 1 : 0;
  for (let y = 1; y + 1 < rows.length; y++) {
    let above = rows[y - 1]!;
    let here = rows[y]!;
    while (above < rows[y]! && here < rows[y + 1]!) {
      if (from[above]! < to[here]! + reach && from[here]! < to[above]! + reach) {
        const [a, b] = [find(above), find(here)];
        root[Math.max(a, b)] = Math.min(a, b);
      }
      if (to[above]! < to[here]!) above++;
      else here++;
    }
  }
  for (let i = 0; i < root.length; i++) root[i] = find(i);
  return root;
}
