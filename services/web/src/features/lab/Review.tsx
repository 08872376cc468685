import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { ConsensusRow } from "~/client/types";
import type { MaskDocument } from "~/lib/canvas/document";
import { Editor } from "~/lib/editor/Editor";
import { encodeMasks } from "~/lib/masks/masks";
import { percent } from "~/lib/ui/format";
import { Badge, Button, Empty, Field } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { useDocument } from "./useDocument";
import { useProject } from "./useProject";

/** What the raters disagreed on, worst first: to accept, to mend, or to send back for more answers. */
export default function Review() {
  const { t, i18n } = useTranslation();
  const project = useProject();
  const [chosen, setChosen] = useState<string | null>(null);
  const query = useQuery({ queryKey: ["consensus", project.id], queryFn: () => api.consensusList(project.id) });
  return (
    <Remote query={query}>
      {({ items }) => {
        const queue = worstFirst(items);
        const image = chosen ?? queue[0]?.image ?? null;
        if (!image) return <Empty icon="check" title={t("review.none")} />;
        return (
          <div className="review">
            <nav aria-label={t("review.queue")}>
              <ol className="review-queue">
                {queue.map((q) => (
                  <li key={q.image}>
                    <button type="button" aria-current={q.image === image ? "true" : undefined} onClick={() => setChosen(q.image)}>
                      <img src={`/api/v1/images/${q.image}/thumbnail`} alt="" width={56} height={56} loading="lazy" />
                      <span>{t("review.agreement", { share: percent(q.agreement, i18n.language) })}</span>
                      <Badge tone="warn">{t("consensus.review")}</Badge>
                    </button>
                  </li>
                ))}
              </ol>
            </nav>
            <ReviewOne key={image} image={image} onDone={() => setChosen(null)} />
          </div>
        );
      }}
    </Remote>
  );
}

export function worstFirst(rows: ConsensusRow[]): { image: string; agreement: number }[] {
  const by = new Map<string, number>();
  for (const r of rows) if (r.status === "review") by.set(r.image_id, Math.min(by.get(r.image_id) ?? 1, r.agreement));
  return [...by].map(([image, agreement]) => ({ image, agreement })).sort((a, b) => a.agreement - b.agreement);
}

function ReviewOne({ image, onDone }: { image: string; onDone: () => void }) {
  const { t } = useTranslation();
  const project = useProject();
  const client = useQueryClient();
  const [changed, setChanged] = useState(false);
  const [comment, setComment] = useState("");
  const query = useDocument(project, image, "review", async () => (await api.consensus(image)).labels);
  const decide = useMutation({
    mutationFn: async ({ decision, doc }: { decision: "accept" | "fix" | "send_back"; doc: MaskDocument }) =>
      api.review(image, { decision, ...(decision === "fix" ? { masks: await encodeMasks(doc) } : {}), ...(comment ? { comment } : {}) }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["consensus", project.id] });
      onDone();
    },
  });
  return (
    <Remote query={query}>
      {({ frame, doc }) => (
        <section className="embedded-editor" aria-label={t("lab.tab.review")}>
          <Editor
            frame={frame}
            doc={doc}
            labels={project.labels}
            imageId={image}
            onChange={() => setChanged(true)}
            banner={<Failure error={decide.error} />}
            aside={<Field label={t("label.comment")} maxLength={1000} value={comment} onChange={(e) => setComment(e.target.value)} />}
            actions={
              <>
                <Button icon="undo" busy={decide.isPending} onClick={() => decide.mutate({ decision: "send_back", doc })}>
                  {t("review.sendBack")}
                </Button>
                <Button variant="primary" icon="check" busy={decide.isPending} onClick={() => decide.mutate({ decision: changed ? "fix" : "accept", doc })}>
                  {changed ? t("review.fix") : t("review.accept")}
                </Button>
              </>
            }
          />
        </section>
      )}
    </Remote>
  );
}
