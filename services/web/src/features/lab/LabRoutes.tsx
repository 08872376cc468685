import { Suspense, lazy } from "react";
import { useTranslation } from "react-i18next";
import { Route, Routes } from "react-router";
import { useSession } from "~/lib/session/session";
import { Button, Empty, Loading } from "~/lib/ui/kit";
import { NotFound } from "~/lib/ui/NotFound";
import { Datasets } from "./Datasets";
import { ImageView } from "./ImageView";
import { Images } from "./Images";
import { Jobs } from "./Jobs";
import { Keys } from "./Keys";
import { LabHome } from "./LabHome";
import { Members } from "./Members";
import { Notes } from "./Notes";
import { Overview } from "./Overview";
import { ProjectLayout } from "./ProjectLayout";
import { Raters } from "./Raters";
import { Settings } from "./Settings";
import { Wizard } from "./Wizard";
import "./lab.css";

const Gold = lazy(() => import("./Gold"));
const GoldEditor = lazy(() => import("./GoldEditor"));
const GuideEditor = lazy(() => import("./GuideEditor"));
const Review = lazy(() => import("./Review"));

export default function LabRoutes() {
  const { t } = useTranslation();
  const { me, loading, ask } = useSession();
  if (loading) return <Loading />;
  if (!me || me.is_guest)
    return (
      <Empty heading icon="lock" title={t("lab.needLogin")}>
        <p className="soft">{t("lab.needLoginText")}</p>
        <Button variant="primary" onClick={() => void ask("login")}>
          {t("account.login")}
        </Button>
      </Empty>
    );
  return (
    <Suspense fallback={<Loading />}>
      <Routes>
        <Route index element={<LabHome />} />
        <Route path="new" element={<Wizard />} />
        <Route path="keys" element={<Keys />} />
        <Route path=":projectId" element={<ProjectLayout />}>
          <Route index element={<Overview />} />
          <Route path="images" element={<Images />} />
          <Route path="images/:imageId" element={<ImageView />} />
          <Route path="gold" element={<Gold />} />
          <Route path="gold/:imageId" element={<GoldEditor />} />
          <Route path="guide" element={<GuideEditor />} />
          <Route path="notes" element={<Notes />} />
          <Route path="review" element={<Review />} />
          <Route path="raters" element={<Raters />} />
          <Route path="jobs" element={<Jobs />} />
          <Route path="datasets" element={<Datasets />} />
          <Route path="members" element={<Members />} />
          <Route path="settings" element={<Settings />} />
          <Route path="*" element={<NotFound inside to=".." label={t("lab.tab.overview")} />} />
        </Route>
      </Routes>
    </Suspense>
  );
}
