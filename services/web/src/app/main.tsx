import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { ApiError } from "~/client/http";
import { startI18n } from "~/lib/i18n";
import { SessionProvider } from "~/lib/session/session";
import { App } from "./App";
import "./theme.css";
import "./kit.css";
import "./pages.css";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the device keeps is asked for in the same way as what the server has, so nothing waits for a line.
      networkMode: "always",
      // A refusal does not get better by asking again; a bad line may.
      retry: (count, error) => !(error instanceof ApiError) && navigator.onLine && count < 2,
    },
    mutations: { networkMode: "always" },
  },
});

await startI18n();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <BrowserRouter>
        <SessionProvider>
          <App />
        </SessionProvider>
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);

if ("serviceWorker" in navigator && import.meta.env.PROD) {
  window.addEventListener("load", () => {
    // Without it the page works as before, only not offline from a cold start.
    navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  });
}
