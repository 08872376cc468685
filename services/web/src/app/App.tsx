import { type ComponentType, Suspense, lazy, useEffect } from "react";
import { Route, Routes, useLocation } from "react-router";
import { AuthDialog } from "~/features/account/AuthDialog";
import { LandingPage } from "~/features/landing/LandingPage";
import { ProjectsPage } from "~/features/projects/ProjectsPage";
import { moreWords } from "~/lib/i18n";
import { useSession } from "~/lib/session/session";
import { Loading } from "~/lib/ui/kit";
import { NotFound } from "~/lib/ui/NotFound";
import { fetchAhead } from "./ahead";
import { Shell } from "./Shell";

/** A page that is loaded when it is first gone to, with the words that it needs. */
function page(load: () => Promise<{ default: ComponentType }>) {
  return lazy(async () => (await Promise.all([load(), moreWords()]))[0]);
}

const loadLabelPage = () => import("~/features/label/LabelPage");
const LabelPage = page(loadLabelPage);
const PracticePage = page(() => import("~/features/practice/PracticePage"));
const GamePage = page(() => import("~/features/game/GamePage"));
const GuidePage = page(() => import("~/features/guide/GuidePage"));
const StatsPage = page(() => import("~/features/stats/StatsPage"));
const AccountPage = page(() => import("~/features/account/AccountPage"));
const LabRoutes = page(() => import("~/features/lab/LabRoutes"));
const OperatorPage = page(() => import("~/features/operator/OperatorPage"));

export function App() {
  const { pathname } = useLocation();
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [pathname]);
  useEffect(fetchAhead, []);
  return (
    <>
      <Suspense fallback={<Loading />}>
        <Routes>
          <Route path="/projects/:projectId/label" element={<LabelPage />} />
          <Route path="/projects/:projectId/practice" element={<PracticePage />} />
          <Route element={<Shell />}>
            <Route index element={<LandingPage />} />
            <Route path="projects" element={<ProjectsPage />} />
            <Route path="projects/:projectId" element={<GuidePage />} />
            <Route path="projects/:projectId/game" element={<GamePage />} />
            <Route path="me" element={<StatsPage />} />
            <Route path="account" element={<AccountPage />} />
            <Route path="lab/*" element={<LabRoutes />} />
            <Route path="operator/*" element={<OperatorPage />} />
            <Route path="*" element={<NotFound />} />
          </Route>
        </Routes>
      </Suspense>
      <AuthDialog />
      <GetReady />
    </>
  );
}

/** Draws nothing. A component of its own, so that the pages aren't drawn anew when the session changes. */
function GetReady() {
  const { dialog } = useSession();
  useEffect(() => {
    // Who reads the consent is about to draw: what was fetched ahead is run meanwhile.
    if (dialog === "start") void Promise.all([loadLabelPage(), import("~/lib/ui/MarkdownRenderer"), moreWords()]).catch(() => undefined);
  }, [dialog]);
  return null;
}
