import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { api } from "~/client/api";
import { useSession } from "~/lib/session/session";
import { labelColour } from "~/lib/ui/format";
import { Button, Progress } from "~/lib/ui/kit";
import { Markdown } from "~/lib/ui/Markdown";
import { Remote } from "~/lib/ui/remote";

export default function GuidePage() {
  const { t } = useTranslation();
  const { projectId = "" } = useParams();
  const { me, ask } = useSession();
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ["project", projectId], queryFn: () => api.project(projectId) });
  const start = async () => {
    if (me ?? (await ask("start"))) await navigate(`/projects/${projectId}/label`);
  };
  return (
    <div className="page narrow">
      <Remote query={query}>
        {(project) => (
          <>
            <h1>{project.name}</h1>
            <p className="lead">{project.summary}</p>
            <Progress value={project.counts.retired} max={project.counts.retired + project.counts.open} label={t("projects.progress", { name: project.name })} />
            <section className="card">
              <h2>{t("guide.labels")}</h2>
              <ul className="label-list">
                {project.labels.map((l) => (
                  <li key={l.id}>
                    <span className="swatch" style={{ background: labelColour(l) }} />
                    <div>
                      <strong>{l.name}</strong>
                      {l.description && <p className="soft">{l.description}</p>}
                    </div>
                  </li>
                ))}
              </ul>
            </section>
            <section className="card">
              <h2>{t("guide.title")}</h2>
              {project.instructions ? <Markdown text={project.instructions} /> : <p className="soft">{t("guide.none")}</p>}
            </section>
            <Button variant="primary" icon="brush" className="big" disabled={project.status !== "active"} onClick={() => void start()}>
              {t("projects.start")}
            </Button>
          </>
        )}
      </Remote>
    </div>
  );
}
