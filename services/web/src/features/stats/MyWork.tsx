import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { Label, Work } from "~/client/types";
import { decodeMasks } from "~/lib/masks/masks";
import { loadFrame } from "~/lib/stage/frame";
import { date, labelColour, percent } from "~/lib/ui/format";
import { Badge, Button, Dialog, Empty, Notice } from "~/lib/ui/kit";
import { type Layered, Picture } from "~/lib/ui/picture";
import { Remote } from "~/lib/ui/remote";

/** One's own answers, newest first; behind each what came of it. */
export function MyWork({ rater }: { rater: string }) {
  const { t, i18n } = useTranslation();
  const [open, setOpen] = useState<Work | null>(null);
  const query = useInfiniteQuery({
    queryKey: ["my-work", rater],
    queryFn: ({ pageParam }) => api.work({ cursor: pageParam, limit: 12 }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = query.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <section className="card">
      <h2>{t("work.title")}</h2>
      <p className="soft">{t("work.text")}</p>
      {query.data && items.length === 0 && <Empty icon="brush" title={t("work.none")} />}
      <ul className="my-work">
        {items.map((w) => (
          <li key={w.submission_id}>
            <button type="button" onClick={() => setOpen(w)} aria-label={t("work.look", { date: date(w.created_at, i18n.language) })}>
              <img src={w.image.thumbnail_url} alt="" width={96} height={96} loading="lazy" />
              <Badge tone={w.finished ? "good" : "info"}>{w.finished ? t("work.finished") : t("work.running")}</Badge>
            </button>
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t("common.more")}
        </Button>
      )}
      <Dialog open={open !== null} onClose={() => setOpen(null)} title={t("work.compare")} wide>
        {open && (open.finished ? <Confirmed work={open} /> : <Beside work={open} />)}
      </Dialog>
    </section>
  );
}

/** Looking fixes the answer, so it is asked first. */
function Confirmed({ work }: { work: Work }) {
  const { t } = useTranslation();
  const [sure, setSure] = useState(false);
  if (sure) return <Beside work={work} />;
  return (
    <>
      <p>{t("work.fixes")}</p>
      <Button variant="primary" icon="eye" onClick={() => setSure(true)}>
        {t("work.show")}
      </Button>
    </>
  );
}

const MINE = "#ffffff";

function Beside({ work }: { work: Work }) {
  const { t, i18n } = useTranslation();
  const query = useQuery({
    queryKey: ["my-work-one", work.submission_id],
    gcTime: 0,
    queryFn: async () => {
      const [detail, project] = await Promise.all([api.workOne(work.submission_id), api.project(work.project_id)]);
      const frame = await loadFrame(await api.frame(detail.image.frame_url));
      const mine = await decodeMasks(detail.masks, frame);
      const consensus = await decodeMasks(detail.consensus ?? [], frame);
      return { detail, labels: project.labels, frame, mine, consensus };
    },
  });
  const layers = useMemo<Layered[]>(() => {
    if (!query.data) return [];
    const colour = (id: number): string => colourOf(query.data.labels, id);
    return [
      ...query.data.consensus.map((m) => ({ mask: m.mask, colour: colour(m.label) })),
      ...query.data.mine.map((m) => ({ mask: m.mask, colour: query.data.detail.consensus ? MINE : colour(m.label), outlineOnly: true })),
    ];
  }, [query.data]);
  return (
    <Remote query={query}>
      {({ detail, labels, frame }) => (
        <div className="work-detail">
          <Picture frame={frame} layers={layers} probability={null} label={t("work.picture")} />
          {detail.nothing_here && <p>{t("work.nothing")}</p>}
          {detail.consensus ? (
            <>
              <p className="row tight">
                <span className="swatch outline" /> {t("work.mine")}
              </p>
              <ul className="label-list">
                {detail.consensus.map((c) => (
                  <li key={c.label_id}>
                    <span className="swatch" style={{ background: colourOf(labels, c.label_id) }} />
                    <div>
                      <strong>{labels.find((l) => l.id === c.label_id)?.name}</strong>
                      <p className="soft">{t("work.dice", { dice: percent(c.dice, i18n.language), agreement: c.agreement === null ? "–" : percent(c.agreement, i18n.language) })}</p>
                    </div>
                  </li>
                ))}
              </ul>
              <p className="fine">{t("work.note")}</p>
            </>
          ) : (
            <Notice>{detail.finished ? t("work.soon") : t("work.waiting")}</Notice>
          )}
        </div>
      )}
    </Remote>
  );
}

function colourOf(labels: Label[], id: number): string {
  const label = labels.find((l) => l.id === id);
  return label ? labelColour(label) : "#ffffff";
}
