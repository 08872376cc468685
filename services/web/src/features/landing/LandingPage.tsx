import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api } from "~/client/api";
import { useSession } from "~/lib/session/session";
import { Icon, type IconName } from "~/lib/ui/icons";
import { Button } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";
import { HelpingPicture } from "./HelpingPicture";
import "./landing.css";

const STEPS: { key: string; icon: IconName }[] = [
  { key: "draw", icon: "brush" },
  { key: "merge", icon: "layers" },
  { key: "train", icon: "spark" },
];

export function LandingPage() {
  const { t } = useTranslation();
  const { me, ask } = useSession();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const projects = useQuery({ queryKey: ["projects"], queryFn: () => api.projects(), enabled: me !== null });

  const start = async () => {
    setError(null);
    const who = me ?? (await ask("start"));
    if (!who) return;
    if (!who.consent_current && !(await ask("consent"))) return;
    setBusy(true);
    try {
      const { items } = await api.projects();
      // Where help is needed most: the open project with the most images still to do.
      const best = items.filter((p) => p.open && p.status === "active" && p.counts.open > 0).sort((a, b) => b.counts.open - a.counts.open)[0];
      await navigate(best ? `/projects/${best.id}/label` : "/projects");
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };

  const done = projects.data?.items.reduce((n, p) => n + p.counts.submissions, 0) ?? 0;
  return (
    <div className="landing">
      <section className="hero">
        <div className="hero-text">
          <h1>{t("landing.title")}</h1>
          <p className="lead">{t("landing.lead")}</p>
          <div className="hero-actions">
            <Button variant="primary" icon="brush" className="big" busy={busy} onClick={() => void start()}>
              {t("landing.start")}
            </Button>
            <Link className="button button-plain big" to="/projects">
              {t("landing.projects")}
            </Link>
          </div>
          <Failure error={error} />
          <p className="fine">{done > 0 ? t("landing.done", { count: done }) : t("landing.noNeed")}</p>
        </div>
        <HelpingPicture />
      </section>
      <section className="steps" aria-labelledby="how">
        <h2 id="how">{t("landing.how")}</h2>
        <ol>
          {STEPS.map((s) => (
            <li key={s.key} className="card">
              <Icon name={s.icon} size={28} />
              <h3>{t(`landing.step.${s.key}.title`)}</h3>
              <p>{t(`landing.step.${s.key}.text`)}</p>
            </li>
          ))}
        </ol>
      </section>
      <section className="card for-labs">
        <div>
          <h2>{t("landing.labs.title")}</h2>
          <p>{t("landing.labs.text")}</p>
        </div>
        <Link className="button button-plain" to="/lab">
          {t("landing.labs.link")} <Icon name="arrow" />
        </Link>
      </section>
    </div>
  );
}
