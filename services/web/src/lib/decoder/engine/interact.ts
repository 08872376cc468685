/**
 * From a prompt to a mask, step by step as `services/inference/domain/interact.py`: look, zoom, consult, settle, keep, merge.
 * The reasons for each step stand there; `tests/decoder/golden.test.ts` compares the two. Pure: the network is a function.
 */
import { disk, likely, outsideBox, promptPlanes, seeds, under } from "./marks";
import { type Click, type EnginePrompt, type Mask, clicks, isMaskEmpty } from "./prompt";
import { depthAt, regions } from "./regions";
import { solve } from "./walker";
import { type Picture, type Plane, Window, cut, paste, resample, view } from "./windows";

/** The server's `Tuning`, as `GET /models` gives it. */
export interface Tuning {
  size: number;
  radius: number;
  margin: number;
  least: number;
  zoom_below: number;
  settle_size: number;
  gamma: number;
  beta: number;
  fade_px: number;
  seed_radius: number;
  scales: number[];
  keep_prob: number;
  agreement: number;
  trust: number;
  look: number;
  first_look: number;
  first_size: number;
  sharp: number;
  mend: number;
  merge_after: number;
  wane: number;
  walk: number;
}

/** The numbers for a prompt: a single click says so little that smaller views cost its answer nothing. */
function at(t: Tuning, prompt: EnginePrompt): Tuning {
  const single = prompt.points.length === 1 && prompt.scribbles.length === 0 && !prompt.box && !prompt.mask;
  // A server from before there were such numbers gives none.
  return single && t.first_size > 0 ? { ...t, look: t.first_look, size: t.first_size, settle_size: t.first_size } : t;
}

/** images (n, 3, size, size) and prompts (n, 4, size, size) to logits (n, 1, size, size) and predicted IoU (n, 1). */
export type Net = (images: Float32Array, prompts: Float32Array, n: number, size: number) => Promise<{ logits: Float32Array; iou: Float32Array }>;

export interface Answer {
  mask: Mask;
  score: number;
}

interface Seen {
  prob: Plane;
  score: number;
}

interface Rect {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-Math.min(30, Math.max(-30, x))));

/** Rows and columns in which a size² square has set pixels; null when none. */
function extent(mask: Uint8Array, width: number, height: number): Rect | null {
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      if (!mask[p]) continue;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      y1 = y + 1;
    }
  }
  return x1 > 0 ? { x0, y0, x1, y1 } : null;
}

export class Interaction {
  private readonly t: Tuning;
  private readonly width: number;
  private readonly height: number;
  private readonly clicks: Click[];
  private readonly mask: Mask | null;
  private readonly believed: Mask | null;

  /** `prompt` must be `checked`; once `isStale` says so, the work stops at the next step. */
  constructor(
    private readonly net: Net,
    private readonly picture: Picture,
    private readonly prompt: EnginePrompt,
    tuning: Tuning,
    private readonly isStale: () => boolean = () => false,
  ) {
    this.t = at(tuning, prompt);
    this.width = picture.width;
    this.height = picture.height;
    this.clicks = clicks(prompt);
    this.mask = prompt.mask && !isMaskEmpty(prompt.mask) ? prompt.mask : null;
    this.believed = this.isBelieved() ? this.mask : null;
  }

  /** False where the newest click lies so deep inside of an error that starting afresh beats mending. */
  private isBelieved(): boolean {
    const { mask } = this;
    const click = this.prompt.points.at(-1);
    if (!mask || !click) return mask !== null;
    const size = 64;
    const window = Window.whole(this.width, this.height);
    const small = likely(cut(mask, window, size).data);
    const area = small.reduce((n, v) => n + v, 0);
    if (mask.data[this.pixel(click)] === (click.positive ? 1 : 0) || area === 0) return true;
    const [x, y] = window.place(click, size);
    const inner = click.positive ? small.map((v) => 1 - v) : small;
    const deep = depthAt(inner, size, Math.min(Math.trunc(x), size - 1), Math.min(Math.trunc(y), size - 1));
    return deep <= this.t.mend * Math.sqrt(area / Math.PI) + 1;
  }

  /** The mask at the frame's resolution; null when `isStale` said so on the way. */
  async answer(): Promise<Answer | null> {
    const { t, prompt } = this;
    const look = await this.look();
    if (this.isStale()) return null;
    const { window } = look;
    const target = this.closer(window, look.prob) ?? window;
    const previous = [resample(look.prob, window, target, t.size).data];
    if (this.believed) previous.push(cut(this.believed, target, t.size).data);
    const seen = await this.see(
      previous.map(() => target),
      previous,
      t.size,
    );
    if (this.isStale()) return null;
    const ranks = seen.map((s) => this.rank(s, target));
    const best = Math.max(...ranks);
    const shares = ranks.map((r) => Math.exp(t.sharp * (r - best)));
    const total = shares.reduce((a, b) => a + b, 0);
    const n = t.size * t.size;
    let prob = new Float32Array(n);
    seen.forEach((s, k) => {
      for (let p = 0; p < n; p++) prob[p]! += (shares[k]! / total) * s.prob.data[p]!;
    });
    const score = seen.reduce((sum, s, k) => sum + (shares[k]! / total) * s.score, 0);
    prob = this.consult(prob, target);
    if (prompt.box) {
      const [x0, y0, x1, y1] = prompt.box;
      const [sx, sy] = [0.1 * (x1 - x0) + 1, 0.1 * (y1 - y0) + 1];
      const beyond = outsideBox([x0 - sx, y0 - sy, x1 + sx, y1 + sy], target, t.size);
      for (let p = 0; p < n; p++) if (beyond[p]) prob[p] = 0;
    }
    const settled = this.settle(target, { size: t.size, data: prob });
    const out = new Float32Array(this.width * this.height);
    if (target.side < window.side && !prompt.box) paste(out, this.width, this.height, look.prob, window);
    paste(out, this.width, this.height, settled, target);
    return { mask: this.merge(this.keep(out)), score };
  }

  // ------------------------------------------------------------------------------------------------------------------ passes
  private async see(windows: Window[], previous: (Float32Array | null)[], size: number): Promise<Seen[]> {
    const n = size * size;
    const images = new Float32Array(windows.length * 3 * n);
    const planes = new Float32Array(windows.length * 4 * n);
    const made = new Map<Window, Float32Array>();
    windows.forEach((w, i) => {
      const seen = made.get(w) ?? view(this.picture, w, size);
      made.set(w, seen);
      images.set(seen, i * 3 * n);
      planes.set(promptPlanes(this.prompt, w, previous[i] ?? null, this.t.radius, size), i * 4 * n);
    });
    const { logits, iou } = await this.net(images, planes, windows.length, size);
    return windows.map((_, i) => ({ prob: { size, data: logits.slice(i * n, (i + 1) * n).map(sigmoid) }, score: iou[i]! }));
  }

  private async look(): Promise<{ window: Window } & Seen> {
    const { prompt, t } = this;
    const windows: Window[] = [];
    if (prompt.box) windows.push(this.fit(...prompt.box));
    else if (this.clicks.length > 0) windows.push(...this.aroundClicks());
    const previous: (Float32Array | null)[] = windows.map(() => null);
    if (this.mask) {
      const r = extent(this.mask.data, this.width, this.height)!;
      const window = this.fit(r.x0, r.y0, r.x1, r.y1);
      windows.push(window);
      previous.push(cut(this.mask, window, t.look).data);
    }
    const seen = await this.see(windows, previous, t.look);
    const ranks = seen.map((s, i) => this.rank(s, windows[i]!));
    if (previous.at(-1)) ranks[ranks.length - 1]! += t.trust;
    const negatives = prompt.points.filter((c) => !c.positive).length;
    const excess = Math.max(0, 2 * negatives - prompt.points.length);
    if (excess > 0 && windows.length > 1) {
      const sides = windows.map((w) => w.side);
      ranks[sides.indexOf(Math.min(...sides))]! += Math.min(0.15, 0.05 * excess);
    }
    const best = ranks.indexOf(Math.max(...ranks));
    return { window: windows[best]!, ...seen[best]! };
  }

  private aroundClicks(): Window[] {
    const { t } = this;
    const found = [Window.whole(this.width, this.height)];
    const whole = found[0]!;
    const positive = this.clicks.filter((c) => c.positive);
    const used = positive.length > 0 ? positive : this.clicks;
    const [xs, ys] = [used.map((c) => c.x), used.map((c) => c.y)];
    const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const reach = Math.max(x1 - x0, y1 - y0);
    const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
    for (const scale of t.scales.slice(1)) {
      const side = scale * whole.side;
      if (side < Math.max(t.least, 1.3 * reach)) break;
      found.push(this.centred(cx, cy, side));
    }
    const bound = this.bounded();
    if (bound !== null && bound + reach < 0.8 * found.at(-1)!.side) found.push(this.centred(cx, cy, bound + reach));
    return found;
  }

  private centred(x: number, y: number, side: number): Window {
    return Window.around(x - side / 2, y - side / 2, x + side / 2, y + side / 2, this.width, this.height, this.t.least);
  }

  private bounded(): number | null {
    const inside = this.prompt.points.filter((c) => c.positive);
    const outside = this.prompt.points.filter((c) => !c.positive);
    if (inside.length === 0 || outside.length < inside.length + 1) return null;
    const gap = Math.min(...outside.flatMap((o) => inside.map((i) => Math.hypot(o.x - i.x, o.y - i.y))));
    return Math.max(3 * gap, this.t.least);
  }

  private rank(seen: Seen, window: Window): number {
    const { size, data } = seen.prob;
    let sum = 0;
    let held = 0;
    for (const click of this.clicks) {
      if (!window.holds(click)) continue;
      const p = data[under(...window.place(click, size), size)]!;
      sum += click.positive ? p : 1 - p;
      held++;
    }
    return seen.score + this.t.agreement * (held > 0 ? sum / held : 0) - this.cutOff(seen.prob, window);
  }

  private cutOff(prob: Plane, window: Window): number {
    const { size, data } = prob;
    if (!data.some((v) => v > 0.5)) return 1;
    const part = window.part(this.width, this.height);
    const edge = (from: number, by: number): number => {
      let n = 0;
      for (let k = 0; k < size; k++) if (data[from + k * by]! > 0.5) n++;
      return n;
    };
    let sum = 0;
    if (part.top > 0 && part.top === window.y0) sum += edge(0, 1);
    if (part.bottom < this.height) sum += edge((size - 1) * size, 1);
    if (part.left > 0 && part.left === window.x0) sum += edge(0, size);
    if (part.right < this.width) sum += edge(size - 1, size);
    return (0.5 * sum) / size;
  }

  private fit(x0: number, y0: number, x1: number, y1: number): Window {
    for (const c of this.clicks) {
      const near = Math.max(x1 - x0, y1 - y0);
      const inside = x0 - near <= c.x && c.x <= x1 + near && y0 - near <= c.y && c.y <= y1 + near;
      if (c.positive || inside) [x0, x1, y0, y1] = [Math.min(x0, c.x), Math.max(x1, c.x), Math.min(y0, c.y), Math.max(y1, c.y)];
    }
    const pad = this.t.margin * Math.max(x1 - x0, y1 - y0) + 2;
    return Window.around(x0 - pad, y0 - pad, x1 + pad, y1 + pad, this.width, this.height, this.t.least);
  }

  private closer(window: Window, prob: Plane): Window | null {
    const { size } = prob;
    let mask = likely(prob.data);
    const positive = this.clicks.filter((c) => c.positive && window.holds(c));
    if (positive.length > 0) {
      const { labels, count } = regions(mask, size, size);
      const keep = new Uint8Array(count + 1);
      for (const c of positive) disk(...window.place(c, size), size, this.t.radius, (p) => (keep[labels[p]!] = 1));
      keep[0] = 0;
      if (keep.includes(1)) mask = mask.map((_, p) => keep[labels[p]!]!);
    }
    const r = extent(mask, size, size);
    let found: Window;
    if (r) {
      const scale = window.side / size;
      found = this.fit(window.x0 + r.x0 * scale, window.y0 + r.y0 * scale, window.x0 + r.x1 * scale, window.y0 + r.y1 * scale);
    } else {
      const last = positive.at(-1);
      if (!last) return null;
      const half = window.side / 8;
      found = this.fit(last.x - half, last.y - half, last.x + half, last.y + half);
    }
    return found.side < this.t.zoom_below * window.side || found.side > 1.15 * window.side ? found : null;
  }

  // ---------------------------------------------------------------------------------------------------------- edges and clicks
  private consult(prob: Float32Array<ArrayBuffer>, window: Window): Float32Array<ArrayBuffer> {
    const { t, prompt } = this;
    const held = prompt.points.filter((c) => window.holds(c));
    const share = Math.min(t.walk, 0.12 * (prompt.points.length - 2));
    if (!(held.some((c) => c.positive) && held.some((c) => !c.positive)) || share <= 0) return prob;
    const { size } = t;
    const [positive, negative] = seeds(this.clicks, window, size, 2);
    for (let k = 0; k < size; k++) {
      for (const p of [k, (size - 1) * size + k, k * size, k * size + size - 1]) if (prob[p]! < 0.5 && !positive[p]) negative[p] = 1;
    }
    const walked = solve({ image: view(this.picture, window, size), size, prior: new Float32Array(size * size).fill(0.5), gamma: 0, positive, negative, beta: 4, iterations: 120, start: prob });
    return prob.map((v, p) => (1 - share) * v + share * walked[p]!);
  }

  private settle(window: Window, prob: Plane): Plane {
    const { t } = this;
    const size = t.settle_size;
    const prior = size === prob.size ? prob.data : resample(prob, window, window, size).data;
    const held = this.clicks.filter((c) => window.holds(c));
    const [positive, negative] = seeds(held, window, size, t.seed_radius);
    const gamma = new Float32Array(size * size).fill(t.gamma * t.wane ** Math.max(0, this.prompt.points.length - 4));
    for (const click of held) this.fade(gamma, prior, size, ...window.place(click, size), click.positive);
    return { size, data: solve({ image: view(this.picture, window, size), size, prior, gamma, positive, negative, beta: t.beta, iterations: 80 }) };
  }

  private fade(gamma: Float32Array, prior: Float32Array, size: number, x: number, y: number, positive: boolean): void {
    const here = prior[under(x, y, size)]!;
    const wrong = positive ? 1 - here : here;
    if (wrong < 0.3) return;
    const scale = 2 * this.t.fade_px ** 2;
    for (let r = 0, p = 0; r < size; r++) {
      for (let c = 0; c < size; c++, p++) gamma[p]! *= 1 - 0.97 * wrong * Math.exp(-((c + 0.5 - x) ** 2 + (r + 0.5 - y) ** 2) / scale);
    }
  }

  private pixel(click: Click): number {
    return Math.min(Math.trunc(click.y), this.height - 1) * this.width + Math.min(Math.trunc(click.x), this.width - 1);
  }

  /** Threshold; the clicks' own pixels as they say; parts that no positive prompt touches go when parts that one touches exist. */
  private keep(prob: Float32Array): Mask {
    const { width, height } = this;
    const data = likely(prob);
    const mask = { width, height, data };
    for (const click of this.clicks) data[this.pixel(click)] = click.positive ? 1 : 0;
    const r = extent(data, width, height);
    if (!r) return mask;
    const wide = r.x1 - r.x0;
    const part = new Uint8Array(wide * (r.y1 - r.y0));
    for (let y = r.y0; y < r.y1; y++) part.set(data.subarray(y * width + r.x0, y * width + r.x1), (y - r.y0) * wide);
    const { labels, count } = regions(part, wide, r.y1 - r.y0);
    if (count < 2) return mask;
    const pointed = new Uint8Array(count + 1);
    for (const click of this.clicks) {
      if (!click.positive) continue;
      const p = this.pixel(click);
      const [row, col] = [Math.floor(p / width) - r.y0, (p % width) - r.x0];
      if (row >= 0 && row < r.y1 - r.y0 && col >= 0 && col < wide) pointed[labels[row * wide + col]!] = 1;
    }
    pointed[0] = 0;
    if (!pointed.includes(1)) return mask;
    const keep = this.t.keep_prob > 0 ? this.sure(prob, labels, count, r, pointed) : pointed;
    for (let y = r.y0, q = 0; y < r.y1; y++) for (let x = r.x0; x < r.x1; x++, q++) data[y * width + x] = keep[labels[q]!]!;
    return mask;
  }

  /** The parts that were pointed at, and those that the network was sure of and that aren't small beside them. */
  private sure(prob: Float32Array, labels: Int32Array, count: number, r: Rect, pointed: Uint8Array): Uint8Array {
    const sums = new Float64Array(count + 1);
    const sizes = new Float64Array(count + 1);
    for (let y = r.y0, q = 0; y < r.y1; y++) {
      for (let x = r.x0; x < r.x1; x++, q++) {
        sums[labels[q]!]! += prob[y * this.width + x]!;
        sizes[labels[q]!]! += 1;
      }
    }
    const least = 0.2 * sizes.reduce((most, n, k) => (pointed[k] ? Math.max(most, n) : most), 0);
    return pointed.map((p, k) => (k > 0 && (p || (sums[k]! / sizes[k]! > this.t.keep_prob && sizes[k]! >= least)) ? 1 : 0));
  }

  /** After a few clicks only the change around the newest one is taken: what was right stays right. */
  private merge(mask: Mask): Mask {
    const { points } = this.prompt;
    const last = points.at(-1);
    if (!this.believed || !last || points.length <= this.t.merge_after) return mask;
    const { width, height } = this;
    const before = this.believed.data;
    const { labels, count } = regions(mask.data.map((v, p) => v ^ before[p]!), width, height);
    if (count < 2) return mask;
    const keep = new Uint8Array(count + 1);
    const [row, col] = [Math.min(Math.trunc(last.y), height - 1), Math.min(Math.trunc(last.x), width - 1)];
    for (let y = Math.max(0, row - 2); y < Math.min(height, row + 3); y++) {
      for (let x = Math.max(0, col - 2); x < Math.min(width, col + 3); x++) keep[labels[y * width + x]!] = 1;
    }
    for (const click of points) if (mask.data[this.pixel(click)] === (click.positive ? 1 : 0)) keep[labels[this.pixel(click)]!] = 1;
    keep[0] = 0;
    return { width, height, data: before.map((v, p) => v ^ keep[labels[p]!]!) };
  }
}
