import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { Project } from "~/client/types";
import { number, percent } from "~/lib/ui/format";
import { Button, Notice } from "~/lib/ui/kit";

/** A kind word about a habit, one at a time, each once: who has read it isn't told again, on any device. */
export function AdviceNotice({ project }: { project: Project }) {
  const { t, i18n } = useTranslation();
  const client = useQueryClient();
  const key = ["advice", project.id];
  // Nobody waits for it, and without a connection nothing is said.
  const { data } = useQuery({ queryKey: key, queryFn: () => api.advice(project.id), staleTime: 300_000, retry: false });
  const told = data?.items[0];
  const label = told && project.labels.find((l) => l.id === told.label_id);
  if (!told || !label) return null;
  const read = (): void => {
    client.setQueryData(key, { items: data.items.slice(1) });
    // Should this be lost, it is shown once more.
    api.adviceSeen(project.id, told.id).catch(() => undefined);
  };
  const where = told.direction.replace(/-(.)/, (_, c: string) => c.toUpperCase());
  const direction = where ? t(`advice.where.${where}`) : "";
  return (
    <Notice>
      <p>{t(`advice.${told.kind}`, { label: label.name, answers: told.answers, px: number(told.px, i18n.language, 1), share: percent(told.share, i18n.language), direction })}</p>
      <Button variant="quiet" icon="check" onClick={read}>
        {t("advice.ok")}
      </Button>
    </Notice>
  );
}
