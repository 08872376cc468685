import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import { useSession } from "~/lib/session/session";
import { number } from "~/lib/ui/format";
import { Icon } from "~/lib/ui/icons";
import { Badge, Empty, Progress } from "~/lib/ui/kit";
import { Remote } from "~/lib/ui/remote";

export function LabHome() {
  const { t, i18n } = useTranslation();
  const { can } = useSession();
  const query = useQuery({ queryKey: ["projects"], queryFn: () => api.projects() });
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("lab.title")}</h1>
        <div className="row">
          <Link className="button button-plain" to="/lab/keys">
            <Icon name="lock" /> {t("lab.keys")}
          </Link>
          <Link className="button button-primary" to="/lab/new">
            <Icon name="plus" /> {t("lab.new")}
          </Link>
        </div>
      </div>
      <Remote query={query}>
        {({ items }) => {
          const mine = items.filter((p) => can("expert", p.id));
          return mine.length === 0 ? (
            <Empty icon="layers" title={t("lab.none")}>
              <p className="soft">{t("lab.noneText")}</p>
            </Empty>
          ) : (
            <ul className="grid-cards">
              {mine.map((p) => (
                <li key={p.id} className="card project-card">
                  <div className="project-head">
                    <h2>
                      <Link to={`/lab/${p.id}`}><bdi>{p.name}</bdi></Link>
                    </h2>
                    <Badge tone={p.status === "active" ? "good" : "warn"}>{t(`status.${p.status}`)}</Badge>
                  </div>
                  <p className="soft"><bdi>{p.summary}</bdi></p>
                  <Progress value={p.counts.retired} max={p.counts.retired + p.counts.open} label={t("projects.progress", { name: p.name })} />
                  <p className="fine">
                    {t("lab.cardCounts", { images: number(p.counts.images, i18n.language), submissions: number(p.counts.submissions, i18n.language), raters: number(p.counts.raters, i18n.language) })}
                  </p>
                </li>
              ))}
            </ul>
          );
        }}
      </Remote>
    </div>
  );
}
