/**
 * Says how long something took, for whoever listens with a PerformanceObserver and for the browser's own profiler.
 *
 * The browser would keep every entry as long as the page lives, and a page that is drawn on makes thousands: each is let go of at once.
 * Observers have been handed it by then; one that comes later, or `getEntriesByName`, finds nothing.
 *
 * @param what what was done; the entry is called `bramble-<what>`
 * @param ms how long it took, in milliseconds, up to now
 */
export function measure(what: string, ms: number): void {
  const name = `bramble-${what}`;
  performance.measure(name, { start: performance.now() - ms, duration: ms });
  performance.clearMeasures(name);
}
