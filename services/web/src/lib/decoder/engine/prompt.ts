/** Prompts, as `services/inference/domain/prompt.py` has them. x right, y down, pixels of the frame. */
export interface Click {
  x: number;
  y: number;
  positive: boolean;
}

export interface Scribble {
  points: readonly (readonly [number, number])[];
  positive: boolean;
}

/** One byte a pixel (0 or 1), row-major. */
export interface Mask {
  width: number;
  height: number;
  data: Uint8Array;
}

export interface EnginePrompt {
  /** In the order given. */
  points: Click[];
  box: readonly [number, number, number, number] | null;
  scribbles: Scribble[];
  /** The answer so far, to be corrected. */
  mask: Mask | null;
}

/** Strokes sampled at most every two pixels, then the clicks. */
export function clicks(prompt: EnginePrompt): Click[] {
  const found: Click[] = [];
  for (const s of prompt.scribbles) for (const [x, y] of along(s.points)) found.push({ x, y, positive: s.positive });
  return found.concat(prompt.points);
}

function along(points: Scribble["points"]): (readonly [number, number])[] {
  if (points.length < 2) return [...points];
  const at = [0];
  for (let i = 1; i < points.length; i++) at.push(at[i - 1]! + Math.hypot(points[i]![0] - points[i - 1]![0], points[i]![1] - points[i - 1]![1]));
  const total = at[at.length - 1]!;
  if (total === 0) return [points[0]!];
  const n = Math.trunc(Math.min(400, Math.max(2, total / 2)));
  const out: [number, number][] = [];
  for (let i = 0, k = 0; i < n; i++) {
    const where = i === n - 1 ? total : (i * total) / (n - 1);
    while (k < at.length - 2 && at[k + 1]! <= where) k++;
    const span = at[k + 1]! - at[k]!;
    const f = span > 0 ? (where - at[k]!) / span : 0;
    const [a, b] = [points[k]!, points[k + 1]!];
    out.push([a[0] + f * (b[0] - a[0]), a[1] + f * (b[1] - a[1])]);
  }
  return out;
}

export function isMaskEmpty(mask: Mask): boolean {
  return !mask.data.includes(1);
}

/**
 * Whether the engine may take the prompt as it stands; the server says in words what is wrong with another one, so that it is asked then.
 * The box comes back clipped to the frame.
 */
export function checked(prompt: EnginePrompt, width: number, height: number): EnginePrompt | null {
  const inside = (x: number, y: number): boolean => x >= 0 && x <= width && y >= 0 && y <= height;
  const count = prompt.points.length + prompt.scribbles.reduce((n, s) => n + s.points.length, 0);
  if (count > 500 || !prompt.points.every((p) => inside(p.x, p.y))) return null;
  if (!prompt.scribbles.every((s) => s.points.length > 0 && s.points.every(([x, y]) => inside(x, y)))) return null;
  if (prompt.mask && (prompt.mask.width !== width || prompt.mask.height !== height)) return null;
  let { box } = prompt;
  if (box) {
    if (!box.every(Number.isFinite)) return null;
    box = [Math.max(0, box[0]), Math.max(0, box[1]), Math.min(width, box[2]), Math.min(height, box[3])];
    if (!(box[2] > box[0] && box[3] > box[1])) return null;
  }
  if (count === 0 && !box && (!prompt.mask || isMaskEmpty(prompt.mask))) return null;
  return { ...prompt, box };
}
