import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import { labelColour, percent, short } from "~/lib/ui/format";
import { Badge, Empty, Table } from "~/lib/ui/kit";
import { Remote } from "~/lib/ui/remote";
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
                        {t(`flag.${f}`, { defaultValue: f.replaceAll("_", " ") })}
                      </Badge>
                    ))}
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
