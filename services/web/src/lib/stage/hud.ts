import type { Point } from "~/lib/canvas/shapes";
import { toScreen } from "~/lib/canvas/view";
import type { Renderer } from "./renderer";
import type { Prompt, Tool } from "./types";

export interface HudState {
  cursor: Point | null;
  crosshair: Point | null;
  /** Corners of an open polygon, or the lasso's path. */
  corners: Point[];
  box: [number, number, number, number] | null;
  prompt: Prompt;
  /** The scribble under way says "not this". */
  negative: boolean;
  brush: number;
  erase: boolean;
  offset: boolean;
}

// Apart for colour-blind eyes too; a negative mark is also dashed, or a minus.
const THIS = "#3fd6a4";
const NOT_THIS = "#ff9461";

/** What hovers over the picture: brush ring, open shapes, prompt points, the keyboard's crosshair. */
export function drawHud(r: Renderer, s: HudState, tool: Tool, colour: string): void {
  const ctx = r.hud;
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
  ctx.setTransform(r.dpr, 0, 0, r.dpr, 0, 0);
  const at = (p: Point): Point => toScreen(r.view, p);
  // Every line is drawn dark and then bright, so that it shows on any grey.
  const line = (width: number, bright: string, dash: number[] = []): void => {
    ctx.setLineDash([]);
    ctx.lineWidth = width + 2;
    ctx.strokeStyle = "rgba(0, 0, 0, 0.6)";
    ctx.stroke();
    ctx.setLineDash(dash);
    ctx.lineWidth = width;
    ctx.strokeStyle = bright;
    ctx.stroke();
    ctx.setLineDash([]);
  };

  if (s.corners.length > 0) {
    ctx.beginPath();
    s.corners.forEach((c, i) => {
      const p = at(c);
      if (i === 0) ctx.moveTo(p.x, p.y);
      else ctx.lineTo(p.x, p.y);
    });
    const tip = tool === "polygon" ? (s.cursor ?? s.crosshair) : null;
    if (tip) {
      const p = at(tip);
      ctx.lineTo(p.x, p.y);
    }
    line(tool === "scribble" ? 3 : 1.5, tool !== "scribble" ? colour : s.negative ? NOT_THIS : THIS);
    if (tool === "polygon") {
      for (const [i, c] of s.corners.entries()) {
        const p = at(c);
        ctx.beginPath();
        ctx.arc(p.x, p.y, i === 0 ? 6 : 3.5, 0, 2 * Math.PI);
        ctx.fillStyle = i === 0 ? "#ffffff" : colour;
        ctx.fill();
        line(1, "#ffffff");
      }
    }
  }
  if (s.box) {
    const a = at({ x: s.box[0], y: s.box[1] });
    const b = at({ x: s.box[2], y: s.box[3] });
    ctx.beginPath();
    ctx.rect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(b.x - a.x), Math.abs(b.y - a.y));
    line(1.5, "#ffffff", [6, 4]);
  }
  for (const { points, is_positive } of s.prompt.scribbles) {
    ctx.beginPath();
    for (const [x, y] of points) {
      const p = at({ x, y });
      ctx.lineTo(p.x, p.y);
    }
    line(3, is_positive ? THIS : NOT_THIS, is_positive ? [] : [7, 5]);
  }
  for (const prompt of s.prompt.points) {
    const p = at(prompt);
    ctx.beginPath();
    ctx.arc(p.x, p.y, 8, 0, 2 * Math.PI);
    ctx.fillStyle = prompt.is_positive ? "#0b6b50" : "#a3330b";
    ctx.fill();
    line(1.5, "#ffffff");
    ctx.beginPath();
    ctx.moveTo(p.x - 4, p.y);
    ctx.lineTo(p.x + 4, p.y);
    if (prompt.is_positive) {
      ctx.moveTo(p.x, p.y - 4);
      ctx.lineTo(p.x, p.y + 4);
    }
    ctx.lineWidth = 2;
    ctx.strokeStyle = "#ffffff";
    ctx.stroke();
  }
  const aim = s.cursor ?? s.crosshair;
  if (aim && s.brush > 0) {
    const p = at(aim);
    ctx.beginPath();
    ctx.arc(p.x, p.y, Math.max(1.5, (s.brush / 2) * r.view.scale), 0, 2 * Math.PI);
    line(1.25, tool === "eraser" || s.erase ? "#ffffff" : colour, tool === "eraser" || s.erase ? [4, 3] : []);
    if (s.offset) {
      ctx.beginPath();
      ctx.moveTo(p.x, p.y + 10);
      ctx.lineTo(p.x, p.y + 44);
      line(1, "rgba(255,255,255,0.5)", [2, 4]);
    }
  }
  if (s.crosshair) {
    const p = at(s.crosshair);
    ctx.beginPath();
    ctx.moveTo(p.x - 14, p.y);
    ctx.lineTo(p.x + 14, p.y);
    ctx.moveTo(p.x, p.y - 14);
    ctx.lineTo(p.x, p.y + 14);
    line(1.5, "#ffe08a");
  }
}
