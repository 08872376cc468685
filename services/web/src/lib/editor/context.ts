import { createContext, useContext } from "react";
import type { Change } from "~/lib/canvas/document";

/** Tells the editor around of a change that was made to its document: it draws it, counts it and keeps it. */
export const ApplyContext = createContext<(change: Change | null) => void>(() => undefined);

export function useApply(): (change: Change | null) => void {
  return useContext(ApplyContext);
}
