/** How long the first page has been there before anything else is fetched. */
const PATIENCE_MS = 400;
/** Files at a time: a browser has six connections to a server, and what the person asks for comes first. */
const LANES = 3;

/**
 * Brings what the next click needs into the browser's cache while the first page is read, without running any of it: on a slow device
 * that would hold the page up. `scripts/pack.mjs` writes the names into index.html; a page of the development server has none.
 * Answers how to call it off.
 */
export function fetchAhead(): () => void {
  const names = document.querySelector<HTMLMetaElement>('meta[name="bramble-ahead"]')?.content.split(" ") ?? [];
  const left = names.values();
  const lane = async (): Promise<void> => {
    // A file that doesn't come is asked for again by whoever needs it.
    for (const name of left) await fetch(`/assets/${name}`, { priority: "low" }).then((reply) => reply.blob()).catch(() => undefined);
  };
  const timer = setTimeout(() => {
    for (let i = 0; i < LANES; i++) void lane();
  }, PATIENCE_MS);
  return () => clearTimeout(timer);
}
