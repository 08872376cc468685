import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import { useSession } from "~/lib/session/session";
import { number, percent } from "~/lib/ui/format";
import { Button, Empty, Loading, Notice, Stat } from "~/lib/ui/kit";
import { Remote } from "~/lib/ui/remote";
import { Badges } from "./Badges";
import { MyNotes } from "./MyNotes";
import { MyWork } from "./MyWork";
import "./stats.css";

export default function StatsPage() {
  const { t, i18n } = useTranslation();
  const { me, loading, ask } = useSession();
  const query = useQuery({ queryKey: ["stats", me?.id], queryFn: () => api.stats(), enabled: me !== null });
  const lang = i18n.language;
  if (loading) return <Loading />;
  if (!me)
    return (
      <Empty heading icon="chart" title={t("stats.needLogin")}>
        <Button variant="primary" onClick={() => void ask("login")}>
          {t("account.login")}
        </Button>
      </Empty>
    );
  return (
    <div className="page narrow">
      <h1>{t("stats.title")}</h1>
      <Remote query={query}>
        {(s) => (
          <>
            <dl className="stats">
              <Stat value={number(s.submissions, lang)} label={t("stats.submissions")} />
              <Stat value={number(s.today, lang)} label={t("stats.today")} />
              <Stat value={t("stats.days", { count: s.streak_days })} label={t("stats.streak")} note={t("stats.streakNote")} />
            </dl>
            <section className="card">
              <h2>{t("stats.skill")}</h2>
              {s.gold_dice ? (
                <>
                  <SkillBar {...s.gold_dice} />
                  <p>{t("stats.skillText", { mean: percent(s.gold_dice.mean, lang), low: percent(s.gold_dice.low, lang), high: percent(s.gold_dice.high, lang), count: s.gold_seen })}</p>
                  <p className="fine">{t("stats.skillNote")}</p>
                </>
              ) : (
                <p className="soft">{t("stats.noGold")}</p>
              )}
            </section>
            <Badges earned={s.badges} />
            {me.is_guest && s.submissions > 0 && (
              <Notice>
                <p>{t("account.guestNote")}</p>
                <Button variant="primary" onClick={() => void ask("register")}>
                  {t("auth.create")}
                </Button>
              </Notice>
            )}
            <MyWork rater={me.id} />
            <MyNotes rater={me.id} />
            <Link className="button button-primary" to="/projects">
              {t("stats.more")}
            </Link>
          </>
        )}
      </Remote>
    </div>
  );
}

/** Mean and its interval on a line from 0 to 1. */
function SkillBar({ mean, low, high }: { mean: number; low: number; high: number }) {
  return (
    <svg className="skill" viewBox="0 0 400 44" role="presentation" preserveAspectRatio="none">
      <rect x="0" y="18" width="400" height="8" rx="4" className="skill-track" />
      <rect x={low * 400} y="14" width={Math.max(2, (high - low) * 400)} height="16" rx="8" className="skill-range" />
      <rect x={Math.min(397, mean * 400 - 1.5)} y="8" width="3" height="28" className="skill-mean" />
    </svg>
  );
}
