import type { Change } from "~/lib/canvas/document";
import type { Point } from "~/lib/canvas/shapes";
import type { View } from "~/lib/canvas/view";
import type { Display } from "~/lib/canvas/window";

export type Tool = "brush" | "eraser" | "threshold" | "lasso" | "polygon" | "point" | "scribble" | "box" | "window" | "pan";

export interface PromptPoint extends Point {
  is_positive: boolean;
}

export interface PromptScribble {
  /** Corners of the stroke, (x, y) in pixels of the frame. */
  points: (readonly [number, number])[];
  is_positive: boolean;
}

export interface Prompt {
  points: PromptPoint[];
  box: [number, number, number, number] | null;
  scribbles: PromptScribble[];
}

export interface LabelStyle {
  id: number;
  colour: string;
  visible: boolean;
}

export interface StageOptions {
  tool: Tool;
  label: number;
  /** Diameter of the brush in frame pixels. */
  size: number;
  protect: boolean;
  tolerance: number;
  fingerOffset: boolean;
  /** Marks of a prompt say "not this", as with Alt or the right button; for fingers, which have neither. */
  negative: boolean;
  readOnly: boolean;
  minimap: boolean;
  opacity: number;
  outlineOnly: boolean;
  hidden: boolean;
  labels: LabelStyle[];
}

export interface StageEvents {
  onChange?: (change: Change) => void;
  onPrompt?: (prompt: Prompt) => void;
  /** Where the pointer is while no button is down; null when it has left the stage. */
  onHover?: (at: Point | null) => void;
  onView?: (view: View) => void;
  onDisplay?: (display: Display) => void;
  onSize?: (size: number) => void;
  /** A frame that was opened has been drawn. */
  onDrawn?: () => void;
  /** How the last stroke went from pointer to picture, in milliseconds. */
  onPaint?: (ms: number) => void;
}
