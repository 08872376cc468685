import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { api } from "~/client/api";
import { ApiError } from "~/client/http";
import type { MaskDocument } from "~/lib/canvas/document";
import { Editor } from "~/lib/editor/Editor";
import { keepDrawn } from "~/lib/journal/drawn";
import { encodeMasks } from "~/lib/masks/masks";
import { useSession } from "~/lib/session/session";
import { Button, Notice } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { useDocument } from "./useDocument";
import { useProject } from "./useProject";

export default function GoldEditor() {
  const { t } = useTranslation();
  const project = useProject();
  const { me } = useSession();
  const { imageId = "" } = useParams();
  const navigate = useNavigate();
  const client = useQueryClient();
  const query = useDocument(project, imageId, "gold", async () => {
    try {
      return (await api.gold(project.id, imageId)).masks ?? [];
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    }
  });
  const save = useMutation({
    mutationFn: async ({ doc, nothing }: { doc: MaskDocument; nothing: boolean }) => {
      const masks = nothing ? [] : await encodeMasks(doc);
      const saved = await api.putGold(project.id, imageId, masks, nothing);
      void keepDrawn(me?.id ?? "", imageId, masks, Date.now());
      return saved;
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["gold", project.id] });
      await client.invalidateQueries({ queryKey: ["project", project.id] });
      await navigate(`/lab/${project.id}/gold`);
    },
  });
  return (
    <Remote query={query}>
      {({ image, frame, doc }) => {
        const submit = () => save.mutate({ doc, nothing: doc.isEmpty() });
        return (
          <section className="embedded-editor" aria-label={t("gold.edit")}>
            <Editor
              frame={frame}
              doc={doc}
              labels={project.labels}
              imageId={image.id}
              onCommand={(c) => c === "submit" && submit()}
              banner={save.error ? <Failure error={save.error} /> : <Notice>{t("gold.editText", { name: image.name || image.id })}</Notice>
              }
              actions={
                <>
                  <Link className="button button-quiet" to={`/lab/${project.id}/gold`}>
                    {t("common.cancel")}
                  </Link>
                  <Button icon="empty" busy={save.isPending} onClick={() => save.mutate({ doc, nothing: true })}>
                    {t("command.nothing")}
                  </Button>
                  <Button variant="primary" icon="star" busy={save.isPending} onClick={submit}>
                    {t("gold.save")}
                  </Button>
                </>
              }
            />
          </section>
        );
      }}
    </Remote>
  );
}
