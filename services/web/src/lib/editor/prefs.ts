import { useCallback, useState } from "react";
import type { Tool } from "~/lib/stage/stage";

export interface Prefs {
  tool: Tool;
  size: number;
  opacity: number;
  outlineOnly: boolean;
  protect: boolean;
  tolerance: number;
  fingerOffset: boolean;
  minimap: boolean;
}

const DEFAULTS: Prefs = { tool: "brush", size: 12, opacity: 0.35, outlineOnly: false, protect: false, tolerance: 20, fingerOffset: true, minimap: true };
const KEY = "bramble.editor";

export function readPrefs(text: string | null): Prefs {
  try {
    return { ...DEFAULTS, ...(JSON.parse(text ?? "{}") as Partial<Prefs>) };
  } catch {
    return DEFAULTS;
  }
}

/** How this person likes the editor, kept on this device. */
export function usePrefs(): [Prefs, (change: Partial<Prefs>) => void] {
  const [prefs, setPrefs] = useState(() => readPrefs(localStorage.getItem(KEY)));
  const change = useCallback((part: Partial<Prefs>) => {
    setPrefs((before) => {
      const next = { ...before, ...part };
      localStorage.setItem(KEY, JSON.stringify(next));
      return next;
    });
  }, []);
  return [prefs, change];
}

/** Next brush size up or down: single pixels while small, tenths when large. */
export function stepSize(size: number, direction: 1 | -1): number {
  const step = size < 10 ? 1 : size < 40 ? 3 : 10;
  return Math.min(200, Math.max(1, size + direction * step));
}
