/** Connected regions (four neighbours), as `scipy.ndimage.label` finds them, and the depth of a place inside of its region. */
export interface Regions {
  /** 0 where the mask is not set, else 1..count. */
  labels: Int32Array;
  count: number;
}

export function regions(mask: Uint8Array, width: number, height: number): Regions {
  const labels = new Int32Array(width * height);
  const parent = [0];
  const root = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      if (!mask[p]) continue;
      const west = x > 0 ? labels[p - 1]! : 0;
      const north = y > 0 ? labels[p - width]! : 0;
      if (west && north) {
        const [a, b] = [root(west), root(north)];
        labels[p] = Math.min(a, b);
        parent[Math.max(a, b)] = Math.min(a, b);
      } else if (west || north) labels[p] = west || north;
      else {
        labels[p] = parent.length;
        parent.push(parent.length);
      }
    }
  }
  const final = new Int32Array(parent.length);
  let count = 0;
  for (let i = 1; i < parent.length; i++) final[i] = parent[i] === i ? ++count : final[root(i)]!;
  for (let p = 0; p < labels.length; p++) if (labels[p]) labels[p] = final[labels[p]!]!;
  return { labels, count };
}

/** Euclidean distance from pixel (column, row), which is set, to the nearest pixel that is not; outside of the square counts as not set. */
export function depthAt(mask: Uint8Array, size: number, column: number, row: number): number {
  if (!mask[row * size + column]) return 0;
  let best = Math.min(row + 1, size - row, column + 1, size - column) ** 2;
  for (let y = 0, p = 0; y < size; y++) {
    const dy = (y - row) ** 2;
    for (let x = 0; x < size; x++, p++) if (!mask[p]) best = Math.min(best, dy + (x - column) ** 2);
  }
  return Math.sqrt(best);
}
