import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { Project } from "~/client/types";
import { Button, Notice } from "~/lib/ui/kit";
import { MarkdownEditor } from "~/lib/ui/MarkdownEditor";
import { Failure } from "~/lib/ui/remote";
import { useProject } from "./useProject";

/** The guide that volunteers read, and what came of their labels. */
export default function GuideEditor() {
  const { t } = useTranslation();
  const project = useProject();
  const client = useQueryClient();
  const [instructions, setInstructions] = useState(project.instructions);
  const [outcomes, setOutcomes] = useState(project.outcomes);
  const save = useMutation({
    mutationFn: () => api.patchProject(project.id, { instructions, outcomes }),
    onSuccess: (p: Project) => client.setQueryData(["project", project.id], p),
  });
  const picture = async (file: File): Promise<string> => (await api.guidePicture(project.id, file)).url;
  const changed = instructions !== project.instructions || outcomes !== project.outcomes;
  return (
    <form
      className="stack"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <section className="card">
        <h2>{t("wizard.guide")}</h2>
        <MarkdownEditor label={t("wizard.instructions")} hint={t("guideEditor.hint")} value={instructions} onChange={setInstructions} maxLength={50000} onPicture={picture} />
      </section>
      <section className="card">
        <h2>{t("guideEditor.outcomes")}</h2>
        <p className="soft">{t("guideEditor.outcomesText")}</p>
        <MarkdownEditor label={t("guideEditor.outcomes")} value={outcomes} onChange={setOutcomes} maxLength={50000} onPicture={picture} rows={8} />
      </section>
      <Failure error={save.error} />
      {save.isSuccess && !changed && <Notice tone="good">{t("common.saved")}</Notice>}
      <div className="row">
        <Button variant="primary" type="submit" icon="check" className="big" busy={save.isPending} disabled={!changed}>
          {t("common.save")}
        </Button>
      </div>
    </form>
  );
}
