import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { AppealTry, ImageRef, Project, Quarantine } from "~/client/types";
import { percent } from "~/lib/ui/format";
import { Button, Notice, Progress } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";

/** For somebody in quarantine: what it means, and the way out of it. */
export function Again({ project, standing, onTry }: { project: Project; standing: Quarantine; onTry: (image: ImageRef) => void }) {
  const { t, i18n } = useTranslation();
  const client = useQueryClient();
  const begin = useMutation({
    mutationFn: () => api.appeal(project.id),
    onSuccess: (found) => {
      client.setQueryData(["quarantine", project.id], found);
      const first = found.appeal?.images[0];
      if (first) onTry(first);
    },
  });
  if (standing.label_ids.length === 0) return null;
  const names = project.labels.filter((l) => standing.label_ids.includes(l.id)).map((l) => l.name);
  const { appeal } = standing;
  const left = appeal?.images[0];
  return (
    <section className="card stack">
      <h2>{t("again.title")}</h2>
      <p>
        {t("again.why")} {project.labels.length > 1 && t("again.labels", { labels: names.join(", ") })}
      </p>
      <p>{standing.can_appeal ? t("again.how", { count: appeal?.needed ?? NEEDED, share: percent(appeal?.threshold ?? project.practice_dice, i18n.language) }) : t("again.none")}</p>
      {appeal && (
        <>
          <p>{`${t("again.progress", { passed: appeal.passed, needed: appeal.needed })}. ${t("again.left", { count: appeal.images.length })}`}</p>
          <Progress value={appeal.passed} max={appeal.needed} label={t("again.progress", { passed: appeal.passed, needed: appeal.needed })} />
        </>
      )}
      <Failure error={begin.error} />
      {standing.can_appeal && (
        <div className="row">
          {/* Begun before: the server answers with what is left, or begins anew where the lab took its images away. */}
          <Button variant="primary" className="big" icon="brush" busy={begin.isPending} onClick={() => begin.mutate()}>
            {left ? t("again.onward") : t("again.begin")}
          </Button>
        </div>
      )}
    </section>
  );
}

/** How many images the server asks for (services/annotations/domain/appeal.py); said before one has begun. */
const NEEDED = 3;

/** What a try on an appeal's image meant. */
export function TryVerdict({ tried }: { tried: AppealTry }) {
  const { t, i18n } = useTranslation();
  const { passed, needed, state } = tried;
  return <Notice tone={state === "passed" ? "good" : "info"}>{t(`again.${state}`, { passed, needed, share: percent(tried.dice, i18n.language) })}</Notice>;
}
