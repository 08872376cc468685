import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import type { Round } from "~/client/types";
import { percent } from "~/lib/ui/format";
import { Icon } from "~/lib/ui/icons";
import { Remote } from "~/lib/ui/remote";
import { Tile } from "./Tile";

/** A finished round: how often the player was right, and what each image was. */
export function Told({ round }: { round: Round }) {
  const { t, i18n } = useTranslation();
  const head = useRef<HTMLHeadingElement>(null);
  const sheet = useQuery({ queryKey: ["sheet", round.id], queryFn: () => api.sheet(round.sheet_url), staleTime: Infinity, refetchOnWindowFocus: false });
  useEffect(() => head.current?.focus(), []);
  const right = round.right ?? 0;
  return (
    <section className="card stack">
      <h2 ref={head} tabIndex={-1}>
        {t("game.result", { right, total: round.images, share: percent(right / round.images, i18n.language) })}
      </h2>
      <p className="soft">{t("game.chance")}</p>
      <Remote query={sheet}>
        {(picture) => (
          <ol className="told">
            {round.truth?.map((truth, place) => {
              const what = t(truth.synthetic ? "game.synthetic" : "game.real");
              return (
                <li key={place}>
                  <Tile sheet={picture} place={place} size={round.size} label={t("game.imageWas", { n: place + 1, what })} />
                  <span>{what}</span>
                  <span className={truth.right ? "told-right" : "told-wrong"}>
                    <Icon name={truth.right ? "check" : "close"} size={16} /> {t(truth.right ? "game.wasRight" : "game.wasWrong")}
                  </span>
                </li>
              );
            })}
          </ol>
        )}
      </Remote>
    </section>
  );
}
