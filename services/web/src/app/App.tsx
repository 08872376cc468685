import { Suspense, lazy, useEffect } from "react";
import { Route, Routes, useLocation } from "react-router";
import { AuthDialog } from "~/features/account/AuthDialog";
import { LandingPage } from "~/features/landing/LandingPage";
import { ProjectsPage } from "~/features/projects/ProjectsPage";
import { Loading } from "~/lib/ui/kit";
import { NotFound } from "~/lib/ui/NotFound";
import { Shell } from "./Shell";

const loadLabelPage = () => import("~/features/label/LabelPage");
const LabelPage = lazy(loadLabelPage);
const PracticePage = lazy(() => import("~/features/practice/PracticePage"));
const GamePage = lazy(() => import("~/features/game/GamePage"));
const GuidePage = lazy(() => import("~/features/guide/GuidePage"));
const StatsPage = lazy(() => import("~/features/stats/StatsPage"));
const AccountPage = lazy(() => import("~/features/account/AccountPage"));
const LabRoutes = lazy(() => import("~/features/lab/LabRoutes"));
const OperatorPage = lazy(() => import("~/features/operator/OperatorPage"));

export function App() {
  const { pathname } = useLocation();
  useEffect(() => {
    window.scrollTo(0, 0);
  }, [pathname]);
  useEffect(() => {
    // What the next click needs is fetched while the first page is read.
    const timer = setTimeout(() => {
      void import("~/lib/ui/MarkdownRenderer");
      void loadLabelPage();
    }, 400);
    return () => clearTimeout(timer);
  }, []);
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
    </>
  );
}
