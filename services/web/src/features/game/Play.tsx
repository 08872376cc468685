import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api } from "~/client/api";
import { ApiError } from "~/client/http";
import type { Round } from "~/client/types";
import { Button, Progress } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { Tile } from "./Tile";

/** No answer can be taken back, so that the second half of a double tap must not answer the image that has just come. */
const SETTLE_MS = 300;

/** One image after the other, with two answers. */
export function Play({ round, onChange, onRestart }: { round: Round; onChange: (next: Round) => void; onRestart: () => void }) {
  const { t } = useTranslation();
  const frame = useRef<HTMLElement>(null);
  const shownAt = useRef(0);
  const sheet = useQuery({
    queryKey: ["sheet", round.id],
    queryFn: () => api.sheet(round.sheet_url),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const place = round.answers.indexOf(null);
  const answer = useMutation({
    mutationFn: (synthetic: boolean) => api.answerRound(round.id, place, synthetic),
    onSuccess: onChange,
    // Another window has answered this image: go on where the server stands.
    onError: (e) => (e instanceof ApiError && e.status === 409 ? api.round(round.id).then(onChange) : undefined),
  });
  const ready = sheet.isSuccess;
  const { isPending, mutate } = answer;
  const say = (synthetic: boolean) => {
    if (ready && !isPending && performance.now() - shownAt.current > SETTLE_MS) mutate(synthetic);
  };
  useEffect(() => {
    shownAt.current = performance.now();
  }, [place, ready]);
  useEffect(() => frame.current?.focus(), []);
  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.repeat) return;
      // By place on the keyboard: not every layout writes 1 and 2 with these keys.
      if (e.code === "Digit1" || e.code === "Numpad1") say(false);
      else if (e.code === "Digit2" || e.code === "Numpad2") say(true);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
  const gone = [sheet.error, answer.error].some((e) => e instanceof ApiError && e.status === 410);
  return (
    <section className="card play" ref={frame} tabIndex={-1} aria-label={t("game.title")} data-place={place}>
      <p aria-live="polite">{t("game.progress", { n: place + 1, total: round.images })}</p>
      <Progress value={place} max={round.images} label={t("game.title")} />
      <Remote query={sheet}>{(picture) => <Tile sheet={picture} place={place} size={round.size} label={t("game.image", { n: place + 1 })} />}</Remote>
      <div className="play-answers">
        {/* Not `disabled` while the answer is on its way: the focus would be lost with it. */}
        <Button className="big" aria-disabled={isPending || !ready} aria-keyshortcuts="1" onClick={() => say(false)}>
          {t("game.real")}
        </Button>
        <Button className="big" aria-disabled={isPending || !ready} aria-keyshortcuts="2" onClick={() => say(true)}>
          {t("game.synthetic")}
        </Button>
      </div>
      <p className="fine play-keys">{t("game.keys")}</p>
      <Failure error={answer.error} />
      {gone && (
        <Button variant="primary" onClick={onRestart}>
          {t("game.another")}
        </Button>
      )}
    </section>
  );
}
