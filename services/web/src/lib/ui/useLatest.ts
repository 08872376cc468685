import { type RefObject, useLayoutEffect, useRef } from "react";

/**
 * The value of the latest render, for what lives longer than a render and looks it up when it is called: listeners, the stage, children
 * that are drawn again only where what they show has changed.
 */
export function useLatest<T>(value: T): Readonly<RefObject<T>> {
  const latest = useRef(value);
  // Before anything that the render leads to can ask.
  useLayoutEffect(() => {
    latest.current = value;
  });
  return latest;
}
