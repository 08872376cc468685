import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import { Icon } from "~/lib/ui/icons";
import type { GoldItem } from "~/client/types";
import { Badge, Check, Empty, IconButton } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { useProject } from "./useProject";

export default function Gold() {
  const { t } = useTranslation();
  const project = useProject();
  const client = useQueryClient();
  const gold = useQuery({ queryKey: ["gold", project.id], queryFn: () => api.goldList(project.id) });
  const images = useQuery({ queryKey: ["images", project.id, "first"], queryFn: () => api.images(project.id, { limit: 100 }) });
  const remove = useMutation({ mutationFn: (i: string) => api.deleteGold(project.id, i), onSuccess: () => client.invalidateQueries({ queryKey: ["gold", project.id] }) });
  const purpose = useMutation({
    mutationFn: (g: GoldItem) => api.putGold(project.id, g.image_id, g.masks ?? [], g.nothing_here ?? false, !g.practice),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["gold", project.id] });
      await client.invalidateQueries({ queryKey: ["project", project.id] });
    },
  });
  return (
    <div className="stack">
      <p className="soft">{t("gold.text")}</p>
      <p className="soft">{t("gold.practiceText", { count: project.counts.practice })}</p>
      <Failure error={remove.error ?? purpose.error} />
      <Remote query={gold}>
        {({ items }) => {
          const known = new Set(items.map((g) => g.image_id));
          return (
            <>
              <section>
                <h2>{t("gold.title", { count: project.counts.gold })}</h2>
                {items.length === 0 ? (
                  <Empty icon="star" title={t("gold.none")} />
                ) : (
                  <ul className="thumbs">
                    {items.map((g) => (
                      <li key={g.image_id}>
                        <Link to={`/lab/${project.id}/gold/${g.image_id}`}>
                          <img src={`/api/v1/images/${g.image_id}/thumbnail`} alt={t("gold.edit")} width={128} height={128} loading="lazy" />
                          <Badge tone="good">{g.nothing_here ? t("command.nothing") : t("gold.masks", { count: g.masks?.length ?? 0 })}</Badge>
                        </Link>
                        <Check label={t("gold.forPractice")} checked={g.practice ?? false} disabled={purpose.isPending} onChange={() => purpose.mutate(g)} />
                        <IconButton icon="trash" className="small" label={t("gold.remove")} onClick={() => remove.mutate(g.image_id)} />
                      </li>
                    ))}
                  </ul>
                )}
              </section>
              <section>
                <h2>{t("gold.choose")}</h2>
                <Remote query={images}>
                  {(page) => (
                    <ul className="thumbs">
                      {page.items
                        .filter((i) => !known.has(i.id))
                        .map((i) => (
                          <li key={i.id}>
                            <Link to={`/lab/${project.id}/gold/${i.id}`}>
                              <img src={i.thumbnail_url} alt={t("gold.add", { name: i.name || i.id })} width={128} height={128} loading="lazy" />
                              <span className="thumb-name">
                                <Icon name="plus" size={14} /> {i.name || i.group}
                              </span>
                            </Link>
                          </li>
                        ))}
                    </ul>
                  )}
                </Remote>
              </section>
            </>
          );
        }}
      </Remote>
    </div>
  );
}
