import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import { Button, Empty, Loading } from "~/lib/ui/kit";
import { Failure } from "~/lib/ui/remote";
import { Upload } from "./Upload";
import { useProject } from "./useProject";

export function Images() {
  const { t } = useTranslation();
  const project = useProject();
  const query = useInfiniteQuery({
    queryKey: ["images", project.id],
    queryFn: ({ pageParam }) => api.images(project.id, { cursor: pageParam, limit: 60 }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const images = query.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <div className="stack">
      <Upload project={project.id} />
      <section>
        <h2>{t("images.title", { count: project.counts.images })}</h2>
        <Failure error={query.error} />
        {query.isPending ? (
          <Loading />
        ) : images.length === 0 ? (
          <Empty icon="layers" title={t("images.none")} />
        ) : (
          <ul className="thumbs">
            {images.map((i) => (
              <li key={i.id}>
                <Link to={`/lab/${project.id}/images/${i.id}`}>
                  <img src={i.thumbnail_url} alt={t("images.alt", { name: i.name || i.id })} width={128} height={128} loading="lazy" />
                  <span className="thumb-name">{i.name || i.group}</span>
                  <span className="fine">
                    {i.width} × {i.height}
                    {i.frames > 1 && ` · ${i.frame_index + 1}/${i.frames}`}
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        )}
        {query.hasNextPage && (
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t("common.more")}
          </Button>
        )}
      </section>
    </div>
  );
}
