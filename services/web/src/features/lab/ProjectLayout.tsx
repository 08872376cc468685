import { useTranslation } from "react-i18next";
import { Link, NavLink, Outlet, useParams } from "react-router";
import { useSession } from "~/lib/session/session";
import { Icon } from "~/lib/ui/icons";
import { Badge } from "~/lib/ui/kit";
import { NotFound } from "~/lib/ui/NotFound";
import { Tabs } from "~/lib/ui/Tabs";
import { Remote } from "~/lib/ui/remote";
import { useLive, useProjectQuery } from "./useProject";

const TABS = ["overview", "images", "guide", "gold", "review", "notes", "raters", "jobs", "datasets", "members", "settings"] as const;
const FOR_EXPERTS: readonly string[] = ["overview", "images", "review", "notes"];

export function ProjectLayout() {
  const { t } = useTranslation();
  const { projectId = "" } = useParams();
  const { can } = useSession();
  const query = useProjectQuery(projectId);
  const live = useLive(projectId);
  const tabs = TABS.filter((tab) => can("lab", projectId) || FOR_EXPERTS.includes(tab));
  return (
    <div className="page wide">
      <Remote query={query} missing={<NotFound to="/lab" label={t("lab.title")} />}>
        {(project) => (
          <>
            <div className="page-head">
              <div>
                <p className="crumb">
                  <Link to="/lab">{t("lab.title")}</Link>
                </p>
                <h1><bdi>{project.name}</bdi></h1>
              </div>
              <div className="row">
                {live && <Badge tone="good">{t("lab.live")}</Badge>}
                <Badge tone={project.status === "active" ? "good" : "warn"}>{t(`status.${project.status}`)}</Badge>
                <Link className="button button-plain" to={`/projects/${project.id}`}>
                  <Icon name="eye" /> {t("lab.asVolunteer")}
                </Link>
              </div>
            </div>
            <Tabs label={t("lab.sections")}>
              {tabs.map((tab) => (
                <NavLink key={tab} end={tab === "overview"} to={tab === "overview" ? `/lab/${projectId}` : `/lab/${projectId}/${tab}`}>
                  {t(`lab.tab.${tab}`)}
                </NavLink>
              ))}
            </Tabs>
            <Outlet context={project} />
          </>
        )}
      </Remote>
    </div>
  );
}
