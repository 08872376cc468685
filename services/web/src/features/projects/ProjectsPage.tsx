import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api } from "~/client/api";
import { ApiError } from "~/client/http";
import type { Project } from "~/client/types";
import { useSession } from "~/lib/session/session";
import { labelColour, number, percent } from "~/lib/ui/format";
import { Badge, Button, Empty, Progress } from "~/lib/ui/kit";
import { Remote } from "~/lib/ui/remote";

export function ProjectsPage() {
  const { t } = useTranslation();
  const { me, ask } = useSession();
  const query = useQuery({ queryKey: ["projects"], queryFn: () => api.projects() });
  const closed = query.error instanceof ApiError && query.error.status === 401;
  return (
    <div className="page">
      <h1>{t("projects.title")}</h1>
      <p className="lead">{t("projects.lead")}</p>
      {closed && !me ? (
        <Empty icon="lock" title={t("projects.needStart")}>
          <Button variant="primary" onClick={() => void ask("start").then((who) => who && query.refetch())}>
            {t("landing.start")}
          </Button>
        </Empty>
      ) : (
        <Remote query={query}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={t("projects.none")} />
            ) : (
              <ul className="grid-cards">
                {items.filter((p) => p.status !== "archived").map((p) => (
                  <ProjectCard key={p.id} project={p} />
                ))}
              </ul>
            )
          }
        </Remote>
      )}
    </div>
  );
}

function ProjectCard({ project }: { project: Project }) {
  const { t, i18n } = useTranslation();
  const { me, ask } = useSession();
  const navigate = useNavigate();
  const { counts } = project;
  const total = counts.open + counts.retired;
  const start = async () => {
    if (me ?? (await ask("start"))) await navigate(`/projects/${project.id}/label`);
  };
  const open = project.status === "active" && counts.open > 0;
  return (
    <li className="card project-card">
      <div className="project-head">
        <h2>
          <Link to={`/projects/${project.id}`}><bdi>{project.name}</bdi></Link>
        </h2>
        {project.status !== "active" ? <Badge tone="warn">{t(`status.${project.status}`)}</Badge> : counts.open > 0 ? <Badge tone="good">{t("projects.needs")}</Badge> : <Badge>{t("projects.complete")}</Badge>}
      </div>
      <p className="soft"><bdi>{project.summary}</bdi></p>
      <ul className="label-chips" aria-label={t("projects.labels")}>
        {project.labels.map((l) => (
          <li key={l.id}>
            <span className="swatch" style={{ background: labelColour(l) }} />
            <bdi>{l.name}</bdi>
          </li>
        ))}
      </ul>
      <div>
        <Progress value={counts.retired} max={total} label={t("projects.progress", { name: project.name })} />
        <p className="fine">
          {t("projects.done", { done: number(counts.retired, i18n.language), total: number(total, i18n.language), share: percent(total ? counts.retired / total : 0, i18n.language) })}
          {" · "}
          {t("projects.people", { count: counts.raters })}
        </p>
      </div>
      <div className="row">
        <Button variant="primary" icon="brush" disabled={!open} onClick={() => void start()}>
          {t("projects.start")}
        </Button>
        <Link className="button button-quiet" to={`/projects/${project.id}`}>
          {t("projects.guide")}
        </Link>
      </div>
    </li>
  );
}
