/**
 * Random walker with a prior, as `services/inference/domain/walker.py` has it (Grady 2006 and 2005): conjugate gradients with the
 * diagonal as preconditioner on a size² grid. Rows have a column of zeros on either side, so that neighbours need no test.
 */
export interface Walk {
  /** Planes R, G, B of size². */
  image: Float32Array;
  size: number;
  prior: Float32Array;
  /** Strength of the prior, a number or one a pixel. */
  gamma: Float32Array | number;
  /** Seeds, one byte a pixel; negative wins where both. */
  positive: Uint8Array;
  negative: Uint8Array;
  beta: number;
  iterations: number;
  start?: Float32Array;
}

const FLOOR = 1e-3;
const TOLERANCE = 1e-3;

/** Weights to the neighbour below and to the right. */
function edgeWeights(image: Float32Array, size: number, beta: number): [Float32Array, Float32Array] {
  const n = size * size;
  const down = new Float32Array(n);
  const right = new Float32Array(n);
  let sum = 0;
  for (let y = 0, p = 0; y < size; y++) {
    for (let x = 0; x < size; x++, p++) {
      let d = 0;
      let r = 0;
      for (let c = 0; c < 3; c++) {
        const v = image[c * n + p]!;
        if (y + 1 < size) d += (image[c * n + p + size]! - v) ** 2;
        if (x + 1 < size) r += (image[c * n + p + 1]! - v) ** 2;
      }
      down[p] = d;
      right[p] = r;
      sum += d + r;
    }
  }
  const mean = sum / (2 * size * (size - 1));
  const scale = mean > 1e-12 ? beta / mean : 0;
  for (let y = 0, p = 0; y < size; y++) {
    for (let x = 0; x < size; x++, p++) {
      down[p] = y + 1 < size ? Math.exp(-scale * down[p]!) + FLOOR : 0;
      right[p] = x + 1 < size ? Math.exp(-scale * right[p]!) + FLOOR : 0;
    }
  }
  return [down, right];
}

/** Probability, size², in [0, 1]. */
export function solve(walk: Walk): Float32Array {
  const { size, prior, positive, negative } = walk;
  const n = size * size;
  const [down, right] = edgeWeights(walk.image, size, walk.beta);
  const diagonal = new Float32Array(n);
  const free = new Uint8Array(n);
  // Padded by a row above and below, so that p - size and p + size always exist; weights to the padding are zero.
  const pad = size;
  const vector = (): Float32Array => new Float32Array(n + 2 * pad);
  const seeds = vector();
  const direction = vector();
  const x = new Float32Array(n);
  const residual = new Float32Array(n);
  const z = new Float32Array(n);
  const step = new Float32Array(n);
  for (let p = 0; p < n; p++) {
    const column = p % size;
    const weight = typeof walk.gamma === "number" ? walk.gamma : walk.gamma[p]!;
    const degree = down[p]! + right[p]! + (p >= size ? down[p - size]! : 0) + (column > 0 ? right[p - 1]! : 0);
    diagonal[p] = degree + weight + 1e-6;
    free[p] = positive[p] || negative[p] ? 0 : 1;
    seeds[pad + p] = positive[p] && !negative[p] ? 1 : 0;
    x[p] = free[p] ? (walk.start ?? prior)[p]! : 0;
  }
  /** The weighted sum of the neighbours of pixel p. */
  const spread = (v: Float32Array, p: number): number =>
    down[p]! * v[pad + p + size]! + right[p]! * v[pad + p + 1]! + (p >= size ? down[p - size]! * v[pad + p - size]! : 0) + (p > 0 ? right[p - 1]! * v[pad + p - 1]! : 0);
  direction.set(x, pad);
  let limit = 0;
  let rz = 0;
  for (let p = 0; p < n; p++) {
    if (!free[p]) continue;
    const weight = typeof walk.gamma === "number" ? walk.gamma : walk.gamma[p]!;
    const target = weight * prior[p]! + spread(seeds, p) + 1e-6 * prior[p]!;
    const r = target - (diagonal[p]! * x[p]! - spread(direction, p));
    residual[p] = r;
    z[p] = r / diagonal[p]!;
    rz += residual[p]! * z[p]!;
    limit += (target * target) / diagonal[p]!;
  }
  limit = TOLERANCE * TOLERANCE * Math.max(limit, 1e-9);
  direction.set(z, pad);
  for (let i = 0; i < walk.iterations && rz > limit; i++) {
    let along = 0;
    for (let p = 0; p < n; p++) {
      if (!free[p]) continue;
      const d = direction[pad + p]!;
      const s = diagonal[p]! * d - spread(direction, p);
      step[p] = s;
      along += d * s;
    }
    if (along <= 0) break;
    const alpha = rz / along;
    let following = 0;
    for (let p = 0; p < n; p++) {
      if (!free[p]) continue;
      x[p]! += alpha * direction[pad + p]!;
      const r = (residual[p]! -= alpha * step[p]!);
      following += r * (z[p] = r / diagonal[p]!);
    }
    const share = following / rz;
    for (let p = 0; p < n; p++) direction[pad + p] = z[p]! + share * direction[pad + p]!;
    rz = following;
  }
  for (let p = 0; p < n; p++) x[p] = Math.min(1, Math.max(0, x[p]! + seeds[pad + p]!));
  return x;
}
