import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "~/client/api";
import type { Project } from "~/client/types";
import { Button, Dialog, Notice } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";
import { ProjectForm, bodyOf } from "./ProjectForm";
import { useProject } from "./useProject";

/** The guide is written on its own page: what was saved there meanwhile must not be put back by this one. */
function withoutGuide(body: ReturnType<typeof bodyOf>): Partial<ReturnType<typeof bodyOf>> {
  return { ...body, instructions: undefined, outcomes: undefined };
}

export function Settings() {
  const { t } = useTranslation();
  const project = useProject();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [sure, setSure] = useState(false);
  const patch = useMutation({
    mutationFn: (body: Parameters<typeof api.patchProject>[1]) => api.patchProject(project.id, body),
    onSuccess: (p: Project) => {
      client.setQueryData(["project", project.id], p);
      void client.invalidateQueries({ queryKey: ["projects"] });
    },
  });
  const archive = useMutation({ mutationFn: () => api.archiveProject(project.id), onSuccess: () => navigate("/lab") });
  const { name, summary, instructions, quorum, gold_share, gold_feedback, open, accept_agreement, lease_seconds, show_proposals, practice_required, practice_dice, outcomes, overlap_least, overlap_most, overlap_dice, gold_adaptive, proposal_control } = project;
  return (
    <div className="stack narrow">
      <ProjectForm
        key={project.id}
        initial={{
          name, summary, instructions, quorum, gold_share, gold_feedback, open, accept_agreement, lease_seconds, show_proposals, practice_required, practice_dice, outcomes, overlap_least, overlap_most, overlap_dice, gold_adaptive, proposal_control,
          labels: project.labels.map((l) => ({ key: String(l.id), id: l.id, name: l.name, color: l.color ?? undefined, description: l.description ?? "" })),
        }}
        busy={patch.isPending}
        note={t("common.save")}
        guideApart
        submit={(d) => patch.mutate(withoutGuide(bodyOf(d)))}
      >
        <Failure error={patch.error} />
        {patch.isSuccess && <Notice tone="good">{t("common.saved")}</Notice>}
      </ProjectForm>
      <section className="card">
        <h2>{t("settings.state")}</h2>
        <div className="row">
          <Button onClick={() => patch.mutate({ status: project.status === "active" ? "paused" : "active" })}>{project.status === "active" ? t("settings.pause") : t("settings.resume")}</Button>
          <Button variant="danger" icon="trash" onClick={() => setSure(true)}>
            {t("settings.archive")}
          </Button>
        </div>
        <Failure error={archive.error} />
      </section>
      <Dialog open={sure} onClose={() => setSure(false)} title={t("settings.archive")}>
        <p>{t("settings.archiveText", { name: project.name })}</p>
        <Button variant="danger" busy={archive.isPending} onClick={() => archive.mutate()}>
          {t("settings.archive")}
        </Button>
      </Dialog>
    </div>
  );
}
