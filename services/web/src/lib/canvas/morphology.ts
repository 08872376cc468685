import type { BitMask } from "./bitmask";
import { partsOf, runsOf } from "./runs";

// All three work on runs or on whole words: a mask of 4096 × 4096 takes them milliseconds, and the pen never waits for a button.

/** Sets every pixel that 4-connected background does not reach from the image's edge. */
export function fillHoles(mask: BitMask): void {
  const bounds = mask.bounds();
  if (!bounds) return;
  const runs = runsOf(mask, bounds, false);
  const parts = partsOf(runs, false);
  const last = runs.rows.length - 2;
  // What meets the side of the box around the mask goes on outside of it, where all is background.
  const open = new Uint8Array(parts.length);
  eachRun(runs.rows, (i, row) => {
    if (row === 0 || row === last || runs.from[i] === bounds.x0 || runs.to[i] === bounds.x1) open[parts[i]!] = 1;
  });
  eachRun(runs.rows, (i, row) => {
    if (open[parts[i]!] === 0) mask.fillSpan(bounds.y0 + row, runs.from[i]!, runs.to[i]!, true);
  });
}

/** Keeps the largest 8-connected part; of several of the same size the one met first, from the top left. */
export function keepLargest(mask: BitMask): void {
  const bounds = mask.bounds();
  if (!bounds) return;
  const runs = runsOf(mask, bounds, true);
  const parts = partsOf(runs, true);
  const sizes = new Float64Array(parts.length);
  for (let i = 0; i < parts.length; i++) sizes[parts[i]!]! += runs.to[i]! - runs.from[i]!;
  let best = 0;
  for (let i = 1; i < sizes.length; i++) if (sizes[i]! > sizes[best]!) best = i;
  eachRun(runs.rows, (i, row) => {
    if (parts[i] !== best) mask.fillSpan(bounds.y0 + row, runs.from[i]!, runs.to[i]!, false);
  });
}

function eachRun(rows: readonly number[], act: (run: number, row: number) => void): void {
  for (let row = 0; row + 1 < rows.length; row++) for (let i = rows[row]!; i < rows[row + 1]!; i++) act(i, row);
}

/** What a row's window of five columns holds around each word: nothing, some, or everything. */
const NONE = 0;
const SOME = 1;
const ALL = 2;

/** For each word of a row: how many of the five columns around each pixel are set (0–5, as three planes of bits). */
interface Columns {
  ones: Int32Array;
  twos: Int32Array;
  fours: Int32Array;
  kind: Uint8Array;
}

/** Majority of the 5 × 5 neighbourhood: rounds off teeth and drops specks; what lies outside counts as background. */
export function smooth(mask: BitMask): void {
  const bounds = mask.bounds();
  if (!bounds) return;
  const { words, stride, height } = mask;
  const y0 = Math.max(0, bounds.y0 - 2);
  const y1 = Math.min(height, bounds.y1 + 2);
  // A ring of the five rows around the one at work: row y + 2 is counted before row y is written.
  const ring: Columns[] = Array.from({ length: 5 }, () => ({ ones: new Int32Array(stride), twos: new Int32Array(stride), fours: new Int32Array(stride), kind: new Uint8Array(stride) }));
  const count = (y: number): void => {
    const into = ring[(y + 5) % 5]!;
    if (y < 0 || y >= height) into.kind.fill(NONE);
    else countColumns(words, y * stride, stride, into);
  };
  for (let y = y0 - 2; y < y0 + 2; y++) count(y);
  for (let y = y0; y < y1; y++) {
    count(y + 2);
    for (let w = 0; w < stride; w++) words[y * stride + w] = majority(ring, w);
  }
}

function countColumns(words: Uint32Array, row: number, stride: number, into: Columns): void {
  for (let w = 0; w < stride; w++) {
    const c = words[row + w]!;
    const before = w > 0 ? words[row + w - 1]! : 0;
    const after = w + 1 < stride ? words[row + w + 1]! : 0;
    const left = before >>> 30;
    const right = after & 3;
    if (c === 0 && left === 0 && right === 0) {
      into.kind[w] = NONE;
      continue;
    }
    if (c === 0xffffffff && left === 3 && right === 3) {
      into.kind[w] = ALL;
      continue;
    }
    into.kind[w] = SOME;
    const l1 = (c << 1) | (before >>> 31);
    const l2 = (c << 2) | left;
    const r1 = (c >>> 1) | (after << 31);
    const r2 = (c >>> 2) | (after << 30);
    // Two full adders: (l2 + l1 + c) and then the two on the right.
    const s = l2 ^ l1 ^ c;
    const k = (l2 & l1) | (c & (l2 ^ l1));
    const ones = s ^ r1 ^ r2;
    const k2 = (s & r1) | (r2 & (s ^ r1));
    into.ones[w] = ones;
    into.twos[w] = k ^ k2;
    into.fours[w] = k & k2;
  }
}

/** The pixels of a word whose five rows together count more than 12. */
function majority(ring: readonly Columns[], w: number): number {
  let none = true;
  let all = true;
  for (let i = 0; i < 5; i++) {
    const kind = ring[i]!.kind[w];
    if (kind !== NONE) none = false;
    if (kind !== ALL) all = false;
  }
  if (none) return 0;
  if (all) return -1;
  // The sum of five numbers of 0–5 for 32 pixels at once, a plane for each of its five bits.
  let p0 = 0;
  let p1 = 0;
  let p2 = 0;
  let p3 = 0;
  let p4 = 0;
  for (let i = 0; i < 5; i++) {
    const { ones, twos, fours, kind } = ring[i]!;
    if (kind[w] === NONE) continue;
    const full = kind[w] === ALL;
    const a0 = full ? -1 : ones[w]!;
    const a1 = full ? 0 : twos[w]!;
    const a2 = full ? -1 : fours[w]!;
    let carry = p0 & a0;
    p0 ^= a0;
    let next = (p1 & a1) | (carry & (p1 ^ a1));
    p1 ^= a1 ^ carry;
    carry = next;
    next = (p2 & a2) | (carry & (p2 ^ a2));
    p2 ^= a2 ^ carry;
    p4 ^= p3 & next;
    p3 ^= next;
  }
  // More than 12: 16 and up, or 8 + 4 and one more.
  return p4 | (p3 & p2 & (p1 | p0));
}
