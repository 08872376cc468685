import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import { Button, Field } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";
import { sizes } from "./study";

/** Starts a study of a project; the first values are those of the API. */
export function StudyForm({ project, onStart }: { project: string; onStart: () => unknown }) {
  const { t } = useTranslation();
  const [base, setBase] = useState("16");
  const [seeds, setSeeds] = useState("5");
  const [minutes, setMinutes] = useState("0");
  const wanted = sizes(base);
  const start = useMutation({
    mutationFn: () => api.startJob(project, "study", { base_images: wanted, seeds: Number(seeds), minutes_per_label: Number(minutes) }),
    onSuccess: onStart,
  });
  return (
    <form
      className="card"
      onSubmit={(e) => {
        e.preventDefault();
        start.mutate();
      }}
    >
      <h2>{t("study.title")}</h2>
      <p className="soft">{t("study.text")}</p>
      <div className="columns">
        <Field label={t("study.sizes")} hint={t("study.sizesHint", { a: 8, b: 16, c: 32 })} error={wanted ? undefined : t("study.sizesWrong", { least: 2 })} dir="ltr" required value={base} onChange={(e) => setBase(e.target.value)} />
        <Field label={t("study.seeds")} hint={t("study.seedsHint", { few: 3 })} type="number" required min={1} max={100} value={seeds} onChange={(e) => setSeeds(e.target.value)} />
        <Field label={t("study.minutes")} hint={t("study.minutesHint", { none: 0 })} type="number" required min={0} max={1000} step="any" value={minutes} onChange={(e) => setMinutes(e.target.value)} />
      </div>
      <Button variant="primary" icon="spark" type="submit" busy={start.isPending} disabled={!wanted}>
        {t("study.start")}
      </Button>
      <Failure error={start.error} />
    </form>
  );
}
