import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { Rater } from "~/client/types";
import { date, labelColour, percent, short } from "~/lib/ui/format";
import { Badge, Empty, Table } from "~/lib/ui/kit";
import { Remote } from "~/lib/ui/remote";
import { Rose } from "./Rose";
import { useProject } from "./useProject";

export function Raters() {
  const { t, i18n } = useTranslation();
  const project = useProject();
  const query = useQuery({ queryKey: ["raters", project.id], queryFn: () => api.raters(project.id) });
  const lang = i18n.language;
  return (
    <Remote query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty icon="user" title={t("raters.none")} />
        ) : (
          <>
            <p className="soft">{t("raters.text")}</p>
            <Table caption={t("lab.tab.raters")} head={[t("raters.rater"), ...project.labels.map((l) => l.name), t("raters.gold"), t("raters.flags")]}>
              {items.map((r) => (
                <tr key={r.rater_id}>
                  <td>
                    <code title={r.rater_id}>{short(r.rater_id)}</code>
                  </td>
                  {project.labels.map((l) => {
                    const x = r.labels.find((y) => y.label_id === l.id);
                    return (
                      <td key={l.id}>
                        {x ? (
                          <span className="interval" title={t("raters.detail", { sensitivity: percent(x.sensitivity, lang), specificity: percent(x.specificity, lang), count: x.n })}>
                            <strong>{percent(x.reliability, lang)}</strong> <span className="fine">{`${percent(x.low, lang)} – ${percent(x.high, lang)} · n ${x.n}`}</span>
                            <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                              <rect width="100" height="6" rx="3" className="skill-track" />
                              <rect x={x.low * 100} width={Math.max(1, (x.high - x.low) * 100)} height="6" rx="3" fill={labelColour(l)} />
                            </svg>
                            {x.bias && <Rose bias={x.bias} />}
                            <OverTime points={x.over_time} since={x.drift?.since} />
                            {x.drift && (
                              <span className="fine">
                                {t("raters.fell", { before: percent(x.drift.before, lang), after: percent(x.drift.after, lang), date: date(x.drift.since, lang), count: x.drift.n })}
                              </span>
                            )}
                          </span>
                        ) : (
                          "–"
                        )}
                      </td>
                    );
                  })}
                  <td>{r.gold.dice === null ? "–" : `${percent(r.gold.dice, lang)} (${r.gold.n})`}</td>
                  <td>
                    {r.flags.map((f) => (
                      <Badge key={f} tone="warn">
                        {flagText(t, f)}
                      </Badge>
                    ))}
                    <Decisions of={r.decisions} />
                  </td>
                </tr>
              ))}
            </Table>
          </>
        )
      }
    </Remote>
  );
}

/** What was decided about a rater, newest first: the audit trail. */
function Decisions({ of }: { of: Rater["decisions"] }) {
  const { t, i18n } = useTranslation();
  const project = useProject();
  if (of.length === 0) return null;
  const name = (id: number) => project.labels.find((l) => l.id === id)?.name ?? String(id);
  return (
    <ul className="fine">
      {[...of].reverse().map((d, k) => (
        <li key={k} title={d.why}>
          {`${name(d.label_id)}: ${t(`raterDecision.${d.decision}`, { date: date(d.at, i18n.language) })}`}
        </li>
      ))}
    </ul>
  );
}

/** What a note about a rater says; one that the client doesn't know is shown as it came. */
function flagText(t: TFunction, flag: string): string {
  if (flag.startsWith("same-as:")) return t("flag.same", { rater: short(flag.slice(8)) });
  const name = flag.replaceAll("-", "_");
  return t(`flag.${name}`, { defaultValue: flag.replaceAll("-", " ") });
}

/** Agreement over time, oldest answer left; a mark where it fell. One point says nothing about time. */
function OverTime({ points, since }: { points: { at: string; dice: number; n: number }[]; since?: string | undefined }) {
  const { t, i18n } = useTranslation();
  if (points.length < 2) return null;
  const x = (k: number) => (100 * k) / (points.length - 1);
  const y = (dice: number) => 23 - 22 * dice;
  const fell = since === undefined ? -1 : points.findIndex((p) => p.at >= since);
  const [first, last] = [points[0], points[points.length - 1]];
  return (
    <svg className="over-time" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={t("raters.overTime", { first: percent(first?.dice ?? 0, i18n.language), last: percent(last?.dice ?? 0, i18n.language) })}>
      {fell >= 0 && <line x1={x(fell)} x2={x(fell)} y1="0" y2="24" className="chart-bound" />}
      <polyline points={points.map((p, k) => `${x(k)},${y(p.dice)}`).join(" ")} />
    </svg>
  );
}
