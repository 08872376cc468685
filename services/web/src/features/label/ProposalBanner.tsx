import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { Label } from "~/client/types";
import { useApply } from "~/lib/editor/context";
import { decodeMasks } from "~/lib/masks/masks";
import { Icon } from "~/lib/ui/icons";
import { Button } from "~/lib/ui/kit";
import type { Work } from "./useLabelling";

/** Outside of the component, whose scope holds the picture and the drawing: the cache keeps the function, and with it all that it closes over. */
const proposals = (image: string) =>
  queryOptions({ queryKey: ["proposals", image], queryFn: ({ signal }) => api.proposals(image, signal), retry: false, staleTime: Infinity, gcTime: 0 });

/** The base annotation, offered on an empty drawing: taken over to be corrected, or left out. Never put in by itself. */
export function ProposalBanner({ work, labels, onShown }: { work: Work; labels: Label[]; onShown: () => void }) {
  const { t } = useTranslation();
  const apply = useApply();
  const image = work.assignment.task.image.id;
  const [done, setDone] = useState(!work.doc.isEmpty());
  const query = useQuery({ ...proposals(image), ...(work.proposals ? { initialData: { items: work.proposals } } : {}), enabled: !done && work.assignment.task.has_proposal !== false });
  const items = (query.data?.items ?? []).filter((p) => labels.some((l) => l.id === p.label_id));
  const offered = !done && items.length > 0 && work.doc.isEmpty();
  useEffect(() => {
    if (offered) onShown();
  }, [offered, onShown]);
  if (!offered) return null;
  const use = async () => {
    setDone(true);
    const masks = await decodeMasks(items, work.frame);
    for (const { label, mask } of masks) apply(work.doc.merge(label, mask, "add"));
  };
  return (
    <div className="proposal" role="group" aria-label={t("proposal.title")}>
      <Icon name="spark" />
      <span>{t("proposal.text")}</span>
      <Button variant="primary" onClick={() => void use()}>
        {t("proposal.use")}
      </Button>
      <Button variant="quiet" onClick={() => setDone(true)}>
        {t("proposal.drop")}
      </Button>
    </div>
  );
}
