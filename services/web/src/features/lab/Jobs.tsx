import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { JobRow as Row } from "~/client/types";
import { date, percent } from "~/lib/ui/format";
import { Badge, Button, Empty, Field, Progress, type Tone } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { GamePanel } from "./GamePanel";
import { StudyForm } from "./StudyForm";
import { StudyResult } from "./StudyResult";
import { useProject } from "./useProject";

const TONES: Record<Row["status"], Tone> = { queued: "info", running: "info", succeeded: "good", failed: "bad", cancelled: "warn" };
const isStudy = (j: Row): boolean => j.kind === "study" && j.status === "succeeded";
const running = (j: Row): boolean => j.status === "queued" || j.status === "running";

export function Jobs() {
  const { t } = useTranslation();
  const project = useProject();
  const client = useQueryClient();
  const [samples, setSamples] = useState(32);
  const [seconds, setSeconds] = useState(240);
  const query = useQuery({
    queryKey: ["jobs", project.id],
    queryFn: () => api.jobs(project.id),
    // Events tell of starts and ends; in between the bar must move too.
    refetchInterval: (q) => (q.state.data?.items.some(running) ? 2000 : false),
  });
  const synthetic = useQuery({ queryKey: ["synthetic", project.id], queryFn: () => api.synthetic(project.id, { limit: 24 }) });
  const refresh = () => client.invalidateQueries({ queryKey: ["jobs", project.id] });
  const start = useMutation({ mutationFn: () => api.startJob(project.id, "synthesise", { samples, max_seconds: seconds }), onSuccess: refresh });
  const cancel = useMutation({ mutationFn: api.cancelJob, onSuccess: refresh });
  return (
    <div className="stack">
      <section className="card">
        <h2>{t("jobs.synthesise")}</h2>
        <p className="soft">{t("jobs.synthesiseText")}</p>
        <div className="row end">
          <Field label={t("jobs.samples")} type="number" min={1} max={5000} value={samples} onChange={(e) => setSamples(Number(e.target.value))} />
          <Field label={t("jobs.seconds")} type="number" min={10} max={86400} value={seconds} onChange={(e) => setSeconds(Number(e.target.value))} />
          <Button variant="primary" icon="spark" busy={start.isPending} onClick={() => start.mutate()}>
            {t("jobs.start")}
          </Button>
        </div>
        <Failure error={start.error} />
      </section>
      <StudyForm project={project.id} onStart={refresh} />
      <section>
        <h2>{t("lab.tab.jobs")}</h2>
        <Remote query={query}>
          {({ items }) => (items.length === 0 ? <Empty icon="spark" title={t("jobs.none")} /> : <ul className="jobs">{items.map((j) => <JobRow key={j.id} job={j} newest={j.id === items.find(isStudy)?.id} onCancel={() => cancel.mutate(j.id)} />)}</ul>)}
        </Remote>
      </section>
      <section>
        <h2>{t("jobs.results")}</h2>
        <Remote query={synthetic}>
          {({ items }) =>
            items.length === 0 ? (
              <p className="soft">{t("jobs.noResults")}</p>
            ) : (
              <ul className="thumbs pairs">
                {items.map((s) => (
                  <li key={s.id}>
                    <img src={api.syntheticUrl(s.id, "image")} alt={t("jobs.image")} width={96} height={96} loading="lazy" />
                    <img src={api.syntheticUrl(s.id, "mask")} alt={t("jobs.mask")} width={96} height={96} loading="lazy" />
                    {!s.accepted && <Badge tone="warn">{t("jobs.filtered")}</Badge>}
                  </li>
                ))}
              </ul>
            )
          }
        </Remote>
      </section>
      <GamePanel />
    </div>
  );
}

function JobRow({ job, newest, onCancel }: { job: Row; newest: boolean; onCancel: () => void }) {
  const { t, i18n } = useTranslation();
  return (
    <li className="card job">
      <div className="project-head">
        <h3>{t(`jobKind.${job.kind}`)}</h3>
        <Badge tone={TONES[job.status]}>{t(`jobStatus.${job.status}`)}</Badge>
      </div>
      {running(job) && <Progress value={job.progress} label={t(`jobKind.${job.kind}`)} />}
      <p className="fine">
        {[date(job.created_at, i18n.language), running(job) ? percent(job.progress, i18n.language) : "", job.status === "succeeded" ? "" : (job.stage ?? ""), job.detail ?? ""].filter(Boolean).join(" · ")}
      </p>
      {job.error && <p className="field-error">{job.error}</p>}
      {job.preview_step > 0 && (running(job) || job.kind === "train") && <Preview job={job} />}
      {isStudy(job) && <StudyResult job={job.id} open={newest} />}
      {running(job) && (
        <Button variant="quiet" icon="close" onClick={onCancel}>
          {t("common.cancel")}
        </Button>
      )}
    </li>
  );
}

/** What the generator draws as it is: each strip is of the same masks, so that a lab sees it learn, and can stop what comes to nothing. */
function Preview({ job }: { job: Row }) {
  const { t, i18n } = useTranslation();
  return (
    <figure className="drawn">
      <img src={api.previewUrl(job.id, job.preview_step)} alt={t("jobs.previewAlt")} />
      <figcaption className="fine">{t("jobs.preview", { step: new Intl.NumberFormat(i18n.language).format(job.preview_step) })}</figcaption>
    </figure>
  );
}
