import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defaultClientConditions } from "vite";
import { defineConfig } from "vitest/config";

const src = fileURLToPath(new URL("./src", import.meta.url));
const backend = process.env.BRAMBLE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  // onnxruntime-web without its loader inlined: the loader is a file of its own, which its threads start from.
  resolve: { alias: { "~": src }, conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  build: {
    target: "es2022",
    // The gateway's Content-Security-Policy allows no data: scripts or styles, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 400,
    rolldownOptions: {
      output: {
        // What the first page needs is few files: a browser asks a server for six at a time, and on a slow line each further round costs
        // half a second. The libraries are one of their own, which a release of ours leaves as it is in caches.
        codeSplitting: {
          groups: [
            { name: "libraries", tags: ["$initial"], test: /node_modules/, priority: 2 },
            { name: "first", tags: ["$initial"], priority: 1 },
          ],
        },
      },
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": { target: backend, changeOrigin: false } } },
  test: {
    environment: "node",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    // Two cores are shared with other suites; the tests themselves take milliseconds.
    testTimeout: 30_000,
  },
});
