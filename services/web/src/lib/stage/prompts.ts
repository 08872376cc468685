import { type Point, thinPath } from "~/lib/canvas/shapes";
import type { Size } from "~/lib/canvas/view";
import type { Prompt } from "./types";

/** The engine takes 500 marks in all and looks at a stroke every two pixels: more corners say nothing more. */
const MOST_CORNERS = 100;

export const NO_PROMPT: Prompt = { points: [], box: null, scribbles: [] };

/** The marks of a prompt in the order in which they were made, so that each can be taken back, also a box that took another's place. */
export class PromptMarks {
  private readonly past: Prompt[] = [];
  now: Prompt = NO_PROMPT;

  private push(next: Prompt): true {
    this.past.push(this.now);
    this.now = next;
    return true;
  }

  /** False where the place lies outside of the frame. */
  point(at: Point, positive: boolean, frame: Size): boolean {
    if (at.x < 0 || at.y < 0 || at.x >= frame.width || at.y >= frame.height) return false;
    return this.push({ ...this.now, points: [...this.now.points, { x: at.x, y: at.y, is_positive: positive }] });
  }

  /** A stroke; what of it lies outside of the frame is left out. One that is no longer than a tap is a point. */
  scribble(path: readonly Point[], positive: boolean, frame: Size): boolean {
    const inside = path.filter((p) => p.x >= 0 && p.y >= 0 && p.x <= frame.width && p.y <= frame.height);
    let step = 2;
    let points = thinPath(inside, step);
    while (points.length > MOST_CORNERS) points = thinPath(inside, (step *= 1.5));
    const first = points[0];
    if (!first) return false;
    if (points.length < 2) return this.point(first, positive, frame);
    return this.push({ ...this.now, scribbles: [...this.now.scribbles, { points: points.map((p) => [p.x, p.y] as const), is_positive: positive }] });
  }

  /** False where the box, clipped to the frame, is too small to hold anything. */
  box([a, b, c, d]: [number, number, number, number], frame: Size): boolean {
    const clip = (v: number, high: number): number => Math.min(high, Math.max(0, v));
    const box: [number, number, number, number] = [
      clip(Math.min(a, c), frame.width),
      clip(Math.min(b, d), frame.height),
      clip(Math.max(a, c), frame.width),
      clip(Math.max(b, d), frame.height),
    ];
    return box[2] - box[0] >= 2 && box[3] - box[1] >= 2 && this.push({ ...this.now, box });
  }

  /** Takes the last mark back; false where there is none. */
  stepBack(): boolean {
    const before = this.past.pop();
    if (!before) return false;
    this.now = before;
    return true;
  }

  clear(): void {
    this.past.length = 0;
    this.now = NO_PROMPT;
  }
}
