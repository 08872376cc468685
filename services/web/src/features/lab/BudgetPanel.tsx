import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import { number, percent } from "~/lib/ui/format";
import { Badge, Progress, Select } from "~/lib/ui/kit";
import { Remote } from "~/lib/ui/remote";
import { useProject } from "./useProject";

const DICE = [0.85, 0.9, 0.93, 0.95, 0.97];
const SHARES = [0.5, 0.8, 0.9, 0.95, 1];

/** What it would take: further labels for a share of the images, and what only an expert can mend. */
export function BudgetPanel() {
  const { t, i18n } = useTranslation();
  const project = useProject();
  const lang = i18n.language;
  const [dice, setDice] = useState(0.95);
  const [share, setShare] = useState(0.9);
  const images = Math.max(0, project.counts.images - project.counts.gold);
  const query = useQuery({ queryKey: ["budget", project.id, dice, share, images], queryFn: () => api.budget(project.id, { dice, share, images }) });
  return (
    <section className="card">
      <h2>{t("budget.title")}</h2>
      <div className="columns">
        <Select label={t("budget.dice")} value={dice} onChange={(e) => setDice(Number(e.target.value))}>
          {DICE.map((d) => (
            <option key={d} value={d}>
              {number(d, lang, 2)}
            </option>
          ))}
        </Select>
        <Select label={t("budget.share")} value={share} onChange={(e) => setShare(Number(e.target.value))}>
          {SHARES.map((s) => (
            <option key={s} value={s}>
              {percent(s, lang)}
            </option>
          ))}
        </Select>
      </div>
      <Remote query={query}>
        {(b) => (
          <>
            {b.assessed === 0 ? (
              <p className="soft">{t("budget.unknown")}</p>
            ) : (
              <>
                <p className="big">{b.labels === null ? t("budget.never", { count: b.experts }) : t("budget.labels", { count: b.labels, dice: number(b.dice, lang, 2), share: percent(b.share, lang) })}</p>
                <p className="fine">
                  {b.labels !== null && b.low !== null && (b.high === null ? t("budget.atLeast", { low: number(b.low, lang) }) : t("budget.range", { low: number(b.low, lang), high: number(b.high, lang) }))} {t("budget.basis", { count: b.assessed })}
                </p>
                <Progress value={b.there} max={b.images} label={t("budget.there", { count: b.there, images: number(b.images, lang) })} />
                <p className="fine">{t("budget.there", { count: b.there, images: number(b.images, lang) })}</p>
              </>
            )}
            <p className="row">
              {(["more", "enough", "escalate"] as const).map((k) =>
                b.decided[k] ? (
                  <Badge key={k} tone={k === "enough" ? "good" : k === "escalate" ? "warn" : "info"}>
                    {`${t(`overlap.${k}`)}: ${number(b.decided[k], lang)}`}
                  </Badge>
                ) : null,
              )}
            </p>
          </>
        )}
      </Remote>
    </section>
  );
}
