import { type RefObject, useEffect } from "react";
import { useLatest } from "~/lib/ui/useLatest";
import { type Bindings, type Command, combo, commandFor } from "./commands";

interface Handlers {
  run: (command: Command) => void;
  digit: (n: number) => void;
  arrow: (dx: number, dy: number, fast: boolean) => void;
  press: (negative: boolean) => void;
  /** True where there was something to accept. */
  accept: () => boolean;
  escape: () => void;
  host: RefObject<HTMLElement | null>;
}

const ARROWS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Keys of the editor. Nothing is taken from a field, a dialog, or a control that needs the key itself. */
export function useKeys(bindings: Bindings, paused: boolean, handlers: Handlers): void {
  const latest = useLatest(handlers);
  useEffect(() => {
    if (paused) return;
    const onKey = (e: KeyboardEvent): void => {
      const h = latest.current;
      const target = e.target instanceof HTMLElement ? e.target : null;
      if (document.querySelector("dialog[open]")) return;
      if (target?.matches("input:not([type=range], [type=checkbox], [type=radio]), textarea, select")) return;
      const onStage = target !== null && target === h.host.current;
      const key = combo(e);
      const arrow = ARROWS[e.key];
      if (arrow && onStage) {
        h.arrow(arrow[0], arrow[1], e.shiftKey);
      } else if (/^[1-9]$/.test(key)) {
        h.digit(Number(key));
      } else if ((e.key === " " || e.key === "Enter") && onStage && !e.ctrlKey && !e.metaKey) {
        if (e.key === "Enter" && !e.shiftKey && h.accept()) {
          e.preventDefault();
          return;
        }
        h.press(e.shiftKey);
      } else if (e.key === "Enter" && !e.ctrlKey && !e.metaKey && (target === null || target === document.body)) {
        if (!h.accept()) return;
      } else if (e.key === "Escape") {
        h.escape();
      } else {
        const command = commandFor(bindings, key);
        if (!command) return;
        h.run(command);
      }
      e.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [bindings, paused]);
}
