// Holds the shell and the frames that were seen, so that a page opened on a train finds its way back to a drawing.
// Hashed assets and frames never change: cache first. The page itself: network first, so that a release is seen at once.
const SHELL = "bramble-shell-v1";
const FRAMES = "bramble-frames-v1";
const MAX_FRAMES = 60;
// Filled in by scripts/pack.mjs: files under /assets/ that labelling needs, and all of this build.
const NEEDED = [];
const BUILT = [];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => cache.addAll(["/", "/bramble.svg", ...NEEDED.map((name) => `/assets/${name}`)]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((keys) => Promise.all(keys.filter((k) => k !== SHELL && k !== FRAMES).map((k) => caches.delete(k))))
      .then(dropOlderBuilds)
      .then(() => self.clients.claim()),
  );
});

async function dropOlderBuilds() {
  const known = new Set(BUILT.map((name) => `/assets/${name}`));
  const cache = await caches.open(SHELL);
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/assets/") && !known.has(pathname)) await cache.delete(request);
  }
}

async function fromCache(request, name) {
  const cache = await caches.open(name);
  const known = await cache.match(request);
  if (known) return known;
  const fresh = await fetch(request);
  if (fresh.ok) {
    await cache.put(request, fresh.clone());
    if (name === FRAMES) {
      const keys = await cache.keys();
      await Promise.all(keys.slice(0, Math.max(0, keys.length - MAX_FRAMES)).map((k) => cache.delete(k)));
    }
  }
  return fresh;
}

async function page(request) {
  const cache = await caches.open(SHELL);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put("/", fresh.clone());
    return fresh;
  } catch (error) {
    const known = await cache.match("/");
    if (known) return known;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  // The weights' address names their version: they never change under it.
  if (url.pathname.startsWith("/assets/") || url.pathname === "/bramble.svg" || /^\/api\/v1\/models\/[^/]+\/[^/]+\/model\.onnx$/.test(url.pathname)) event.respondWith(fromCache(request, SHELL));
  else if (/^\/api\/v1\/images\/[^/]+\/frame$/.test(url.pathname)) event.respondWith(fromCache(request, FRAMES));
  else if (request.mode === "navigate" && !url.pathname.startsWith("/api/")) event.respondWith(page(request));
});
