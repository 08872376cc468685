import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import type { ConsensusRow } from "~/client/types";
import { labelColour, number, percent } from "~/lib/ui/format";
import { Icon } from "~/lib/ui/icons";
import { Button, Empty, Notice, Progress, Select, Stat } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { BudgetPanel } from "./BudgetPanel";
import { useProject } from "./useProject";

const METHODS = ["auto", "majority", "staple", "weighted"] as const;

export function Overview() {
  const { t, i18n } = useTranslation();
  const project = useProject();
  const lang = i18n.language;
  const { counts } = project;
  const consensus = useQuery({ queryKey: ["consensus", project.id], queryFn: () => api.consensusList(project.id) });
  const [method, setMethod] = useState<string>("auto");
  const recompute = useMutation({ mutationFn: () => api.recompute(project.id, method) });
  return (
    <div className="stack">
      {counts.images === 0 && (
        <Notice>
          <p>{t("overview.noImages")}</p>
          <Link className="button button-primary" to={`/lab/${project.id}/images`}>
            <Icon name="upload" /> {t("images.upload")}
          </Link>
        </Notice>
      )}
      <dl className="stats">
        <Stat value={number(counts.images, lang)} label={t("overview.images")} note={t("overview.goldNote", { count: counts.gold })} />
        <Stat value={number(counts.submissions, lang)} label={t("overview.submissions")} note={t("overview.ratersNote", { count: counts.raters })} />
        <Stat value={number(counts.retired, lang)} label={t("overview.retired")} note={t("overview.openNote", { count: counts.open })} />
        <Stat value={number(counts.leases, lang)} label={t("overview.leases")} note={t("overview.overshoot", { count: counts.overshoot })} />
      </dl>
      <section className="card">
        <h2>{t("overview.progress")}</h2>
        <Progress value={counts.retired} max={counts.retired + counts.open} label={t("projects.progress", { name: project.name })} />
        <p className="fine">{t("overview.quorum", { count: project.quorum })}</p>
      </section>
      <BudgetPanel />
      <section className="card">
        <h2>{t("overview.agreement")}</h2>
        <Remote query={consensus}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="chart" title={t("overview.noConsensus")} />
            ) : (
              <div className="charts">
                {project.labels.map((l) => (
                  <Histogram key={l.id} rows={items.filter((r) => r.label_id === l.id)} name={l.name} colour={labelColour(l)} threshold={project.accept_agreement} />
                ))}
              </div>
            )
          }
        </Remote>
        <div className="row end">
          <Select label={t("overview.method")} value={method} onChange={(e) => setMethod(e.target.value)}>
            {METHODS.map((m) => (
              <option key={m} value={m}>
                {t(`method.${m}`)}
              </option>
            ))}
          </Select>
          <Button busy={recompute.isPending} onClick={() => recompute.mutate()}>
            {t("overview.recompute")}
          </Button>
          <a className="button button-plain" href={api.masksUrl(project.id)} download>
            <Icon name="download" /> {t("overview.masks")}
          </a>
          <a className="button button-plain" href={api.instancesUrl(project.id)} download title={t("overview.objectsHint")}>
            <Icon name="download" /> {t("overview.objects")}
          </a>
        </div>
        <Failure error={recompute.error} />
        {recompute.isSuccess && <Notice tone="good">{t("overview.recomputing")}</Notice>}
      </section>
    </div>
  );
}

const BINS = 10;

/** How many images reach which agreement, in tenths; the bound for acceptance as a line. Also in words, for those who do not see it. */
function Histogram({ rows, name, colour, threshold }: { rows: ConsensusRow[]; name: string; colour: string; threshold: number }) {
  const { t, i18n } = useTranslation();
  const bins = Array.from({ length: BINS }, () => 0);
  for (const r of rows) bins[Math.min(BINS - 1, Math.floor(r.agreement * BINS))]!++;
  const top = Math.max(1, ...bins);
  const mean = rows.length > 0 ? rows.reduce((a, r) => a + r.agreement, 0) / rows.length : 0;
  const accepted = rows.filter((r) => r.status === "accepted").length;
  return (
    <figure className="chart">
      <figcaption>
        <span className="swatch" style={{ background: colour }} /> {name}
      </figcaption>
      <svg viewBox="0 0 220 110" role="img" aria-label={t("overview.chart", { name, mean: percent(mean, i18n.language), count: rows.length })}>
        {bins.map((n, i) => (
          <rect key={i} x={i * 22 + 2} y={90 - (n / top) * 80} width="18" height={(n / top) * 80} rx="3" fill={colour} opacity={i / BINS >= threshold - 0.05 ? 1 : 0.45} />
        ))}
        <line x1={threshold * 220} x2={threshold * 220} y1="4" y2="92" className="chart-bound" />
        <line x1="0" x2="220" y1="91" y2="91" className="chart-axis" />
        <text x="0" y="106">
          0
        </text>
        <text x="220" y="106" textAnchor="end">
          1
        </text>
      </svg>
      <p className="fine">{t("overview.chartText", { mean: percent(mean, i18n.language), accepted, count: rows.length })}</p>
    </figure>
  );
}
