import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { api } from "~/client/api";
import { useSession } from "~/lib/session/session";
import { labelColour, percent } from "~/lib/ui/format";
import { Icon } from "~/lib/ui/icons";
import { Button, Notice, Progress, Table } from "~/lib/ui/kit";
import { Markdown } from "~/lib/ui/Markdown";
import { NotFound } from "~/lib/ui/NotFound";
import { Remote } from "~/lib/ui/remote";

export default function GuidePage() {
  const { t } = useTranslation();
  const { projectId = "" } = useParams();
  const { me, ask } = useSession();
  const navigate = useNavigate();
  const query = useQuery({ queryKey: ["project", projectId], queryFn: () => api.project(projectId) });
  const go = async (to: "label" | "practice") => {
    if (me ?? (await ask("start"))) await navigate(`/projects/${projectId}/${to}`);
  };
  return (
    <div className="page narrow">
      <Remote query={query} missing={<NotFound to="/projects" label={t("nav.projects")} />}>
        {(project) => (
          <>
            <h1><bdi>{project.name}</bdi></h1>
            <p className="lead"><bdi>{project.summary}</bdi></p>
            <Progress value={project.counts.retired} max={project.counts.retired + project.counts.open} label={t("projects.progress", { name: project.name })} />
            <section className="card">
              <h2>{t("guide.labels")}</h2>
              <ul className="label-list">
                {project.labels.map((l) => (
                  <li key={l.id}>
                    <span className="swatch" style={{ background: labelColour(l) }} />
                    <div>
                      <strong><bdi>{l.name}</bdi></strong>
                      {l.description && <p className="soft"><bdi>{l.description}</bdi></p>}
                    </div>
                  </li>
                ))}
              </ul>
            </section>
            <section className="card">
              <h2>{t("guide.title")}</h2>
              {project.instructions ? <Markdown text={project.instructions} /> : <p className="soft">{t("guide.none")}</p>}
            </section>
            {project.counts.practice > 0 && me && <PracticeCard project={projectId} />}
            <div className="row">
              <Button variant="primary" icon="brush" className="big" disabled={project.status !== "active"} onClick={() => void go("label")}>
                {t("projects.start")}
              </Button>
              {project.counts.practice > 0 && (
                <Button icon="star" className="big" onClick={() => void go("practice")}>
                  {t("practice.title")}
                </Button>
              )}
            </div>
            {me && <GameCard project={projectId} />}
            {project.outcomes && (
              <section className="card">
                <h2>{t("guideEditor.outcomes")}</h2>
                <Markdown text={project.outcomes} />
              </section>
            )}
            {me && <Leaderboard project={projectId} />}
          </>
        )}
      </Remote>
    </div>
  );
}

/** Where one stands, when the project asks for practice. */
function PracticeCard({ project }: { project: string }) {
  const { t, i18n } = useTranslation();
  const query = useQuery({ queryKey: ["practice-standing", project], queryFn: () => api.practice(project) });
  const standing = query.data?.standing;
  if (!standing || standing.required === 0) return null;
  return (
    <Notice tone={standing.qualified ? "good" : "info"}>
      <p>{standing.qualified ? t("practice.qualified") : t("practice.required", { count: standing.required, share: percent(standing.threshold, i18n.language) })}</p>
      {!standing.qualified && <p className="fine">{t("practice.progress", { passed: standing.passed, required: standing.required })}</p>}
    </Notice>
  );
}

/** The real-or-synthetic game, where the lab has opened one and there are images left. */
function GameCard({ project }: { project: string }) {
  const { t } = useTranslation();
  const { me } = useSession();
  const query = useQuery({ queryKey: ["game", project, me?.id], queryFn: () => api.game(project) });
  if (!query.data?.open || (!query.data.more && !query.data.round_id)) return null;
  return (
    <section className="card stack">
      <h2>{t("game.title")}</h2>
      <p className="soft">{t("game.why")}</p>
      <div>
        <Link className="button button-plain" to={`/projects/${project}/game`}>
          <Icon name="eye" /> {t("game.begin")}
        </Link>
      </div>
    </section>
  );
}

/** Those who want to be seen; nobody is on it without asking, and nobody's count is on it. */
function Leaderboard({ project }: { project: string }) {
  const { t, i18n } = useTranslation();
  const { me } = useSession();
  const query = useQuery({ queryKey: ["leaderboard", project], queryFn: () => api.leaderboard(project) });
  const items = query.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section className="card stack">
      <h2>{t("board.title")}</h2>
      <p className="soft">{t("board.text")}</p>
      <Table caption={t("board.title")} head={[t("board.place"), t("auth.name"), t("board.quality"), t("board.gold")]}>
        {items.map((p) => (
          <tr key={p.place} aria-current={p.is_me ? "true" : undefined}>
            <td>{p.place}</td>
            <td>
              {p.name} {p.is_me && <Icon name="user" size={16} />}
            </td>
            <td>{percent(p.quality, i18n.language)}</td>
            <td>{p.gold_seen}</td>
          </tr>
        ))}
      </Table>
      {me && !me.is_guest && !me.leaderboard && (
        <p className="fine">
          <Link to="/account">{t("board.join")}</Link>
        </p>
      )}
    </section>
  );
}
