import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "~/client/api";
import { ME_KEY, fetchMe } from "~/lib/session/session";
import { Failure } from "~/lib/ui/remote";
import { ProjectForm, bodyOf, emptyDraft } from "./ProjectForm";

export function Wizard() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [initial] = useState(emptyDraft);
  const create = useMutation({
    mutationFn: api.createProject,
    onSuccess: async (project) => {
      // The owner's membership is new: what may be seen depends on it.
      client.setQueryData(ME_KEY, await fetchMe());
      await client.invalidateQueries({ queryKey: ["projects"] });
      await navigate(`/lab/${project.id}/images`);
    },
  });
  return (
    <div className="page narrow">
      <h1>{t("wizard.title")}</h1>
      <ProjectForm initial={initial} busy={create.isPending} note={t("wizard.create")} submit={(d) => create.mutate(bodyOf(d))}>
        <Failure error={create.error} />
      </ProjectForm>
    </div>
  );
}
