import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api } from "~/client/api";
import type { Game, Round } from "~/client/types";
import { useSession } from "~/lib/session/session";
import { number } from "~/lib/ui/format";
import { Button, Empty, Loading, Notice } from "~/lib/ui/kit";
import { NotFound } from "~/lib/ui/NotFound";
import { Failure, Remote } from "~/lib/ui/remote";
import { Play } from "./Play";
import { Told } from "./Told";
import "./game.css";

/** The real-or-synthetic game: what it is, a round of it, and what its images were. */
export default function GamePage() {
  const { t } = useTranslation();
  const { projectId = "" } = useParams();
  const { me, loading, ask } = useSession();
  const client = useQueryClient();
  const [round, setRound] = useState<Round | null>(null);
  const query = useQuery({ queryKey: ["game", projectId, me?.id], queryFn: () => api.game(projectId), enabled: me !== null });
  const start = useMutation({ mutationFn: () => api.startRound(projectId), onSuccess: setRound });
  const changed = (next: Round) => {
    setRound(next);
    if (next.finished) void client.invalidateQueries({ queryKey: ["game", projectId] });
  };
  if (loading) return <Loading />;
  if (!me)
    return (
      <Empty heading icon="eye" title={t("game.title")}>
        <p className="soft">{t("game.why")}</p>
        <Button variant="primary" onClick={() => void ask("start")}>
          {t("landing.start")}
        </Button>
      </Empty>
    );
  return (
    <div className="page narrow game">
      <p className="crumb">
        <Link to={`/projects/${projectId}`}>{t("game.toProject")}</Link>
      </p>
      <h1>{t("game.title")}</h1>
      <Remote query={query} missing={<NotFound inside to="/projects" label={t("nav.projects")} />}>
        {(game) => {
          if (round && !round.finished) return <Play key={round.id} round={round} onChange={changed} onRestart={() => start.mutate()} />;
          return (
            <>
              {round ? <Told round={round} /> : <Rules game={game} />}
              <Next game={game} first={!round} busy={start.isPending} onStart={() => start.mutate()} />
              <Failure error={start.error} />
            </>
          );
        }}
      </Remote>
    </div>
  );
}

function Rules({ game }: { game: Game }) {
  const { t, i18n } = useTranslation();
  if (!game.open) return null;
  return (
    <section className="card">
      <p>{t("game.lead", { n: game.images })}</p>
      <p>{t("game.rules")}</p>
      <p className="soft">{t("game.why")}</p>
      {game.rounds > 0 && <p>{t("game.soFar", { right: number(game.right, i18n.language), total: number(game.answers, i18n.language) })}</p>}
    </section>
  );
}

/** The way into a round, or why there is none. */
function Next({ game, first, busy, onStart }: { game: Game; first: boolean; busy: boolean; onStart: () => void }) {
  const { t } = useTranslation();
  const { can } = useSession();
  const { projectId = "" } = useParams();
  if (!game.open) return <Empty icon="eye" title={t("game.none")}><p className="soft">{t("game.noneText")}</p></Empty>;
  if (can("lab", projectId)) return <Notice>{t("game.notForLabs")}</Notice>;
  if (!game.round_id && !game.more) return <Notice tone="good">{t("game.allSeen")}</Notice>;
  return (
    <div className="row">
      <Button variant="primary" icon="eye" className="big" busy={busy} onClick={onStart}>
        {game.round_id ? t("game.goOn") : first ? t("game.begin") : t("game.another")}
      </Button>
    </div>
  );
}
