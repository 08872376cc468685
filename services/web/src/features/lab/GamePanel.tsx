import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import type { GameResult, ShareResult } from "~/client/types";
import { percent } from "~/lib/ui/format";
import { Badge, Button, Field, Notice, Table } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { useProject } from "./useProject";

/** The server's: fewer images of a kind make no round. */
const LEAST_HALF = 4;
const ROWS = ["accuracy", "sensitivity", "specificity", "real_seen", "real_unseen", "real_familiar"] as const;

/** The real-or-synthetic game of the newest generator: opens it, and says what its answers say and what they can't. */
export function GamePanel() {
  const { t } = useTranslation();
  const project = useProject();
  const client = useQueryClient();
  const [images, setImages] = useState(20);
  const query = useQuery({ queryKey: ["game-results", project.id], queryFn: () => api.gameResults(project.id) });
  const put = useMutation({
    mutationFn: (open: boolean) => api.putGame(project.id, { open, images }),
    onSuccess: (result) => client.setQueryData(["game-results", project.id], result),
  });
  return (
    <section className="card stack game-panel">
      <h2>{t("gameLab.title")}</h2>
      <p className="soft">{t("gameLab.text")}</p>
      <Remote query={query} missing={<p className="soft">{t("gameLab.noGenerator")}</p>}>
        {(found) => (
          <>
            <div className={found.open ? "row" : "row end"}>
              {found.open ? (
                <>
                  <Badge tone="good">{t("gameLab.isOpen")}</Badge>
                  <Link to={`/projects/${project.id}/game`}>{t("gameLab.address")}</Link>
                  <Button busy={put.isPending} onClick={() => put.mutate(false)}>{t("gameLab.close")}</Button>
                </>
              ) : (
                <>
                  <Field label={t("gameLab.images")} type="number" min={2 * LEAST_HALF} max={60} value={images} onChange={(e) => setImages(Number(e.target.value))} />
                  <Button variant="primary" icon="eye" busy={put.isPending} disabled={found.kept < LEAST_HALF} onClick={() => put.mutate(true)}>{t("gameLab.open")}</Button>
                </>
              )}
            </div>
            {found.kept < LEAST_HALF && <p className="soft">{t("gameLab.needs", { least: LEAST_HALF, n: found.kept })}</p>}
            <Failure error={put.error} />
            <Found found={found} />
          </>
        )}
      </Remote>
    </section>
  );
}

function Found({ found }: { found: GameResult }) {
  const { t, i18n } = useTranslation();
  const lang = i18n.language;
  if (found.answers === 0) return <p className="soft">{t("gameLab.nobody")}</p>;
  const rows = ROWS.filter((name) => found[name].n > 0);
  return (
    <>
      <Notice tone={found.verdict === "too_few" ? "warn" : "info"}>
        <p>{t(`gameLab.verdict.${found.verdict}`, { high: percent(found.accuracy.high ?? 1, lang) })}</p>
        <p className="fine">{found.detectable < 1 ? t("gameLab.detectable", { share: percent(found.detectable, lang) }) : t("gameLab.nothingDetectable")}</p>
      </Notice>
      <p className="fine">{t("gameLab.counts", { players: found.players, rounds: found.rounds, answers: found.answers, left: found.unfinished })}</p>
      <Table caption={t("gameLab.title")} head={[t("gameLab.measure"), t("gameLab.share"), t("gameLab.answers")]}>
        {rows.map((name) => (
          <tr key={name}>
            <td>{t(`gameLab.row.${name}`)}</td>
            <td><Interval share={found[name]} chance={name === "accuracy" ? found.chance : null} /></td>
            <td>{found[name].n}</td>
          </tr>
        ))}
      </Table>
      <p className="fine">{t("gameLab.method")}</p>
      <details>
        <summary>{t("gameLab.players")}</summary>
        <Table caption={t("gameLab.players")} head={[t("gameLab.player"), t("gameLab.row.accuracy"), t("gameLab.answers")]}>
          {found.by_player.map((p) => (
            <tr key={p.player}>
              <td>{p.player}</td>
              <td><Interval share={p.accuracy} chance={found.chance} /></td>
              <td>{p.accuracy.n}</td>
            </tr>
          ))}
        </Table>
      </details>
      <details>
        <summary>{t("gameLab.fooled")}</summary>
        <ul className="thumbs">
          {found.fooled.slice(0, 24).map((f) => (
            <li key={f.synthetic_id}>
              <img src={api.syntheticUrl(f.synthetic_id, "image")} alt={t("jobs.image")} width={96} height={96} loading="lazy" />
              <span className="fine">{t("gameLab.fooledBy", { fooled: f.fooled, shown: f.shown })}</span>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

/** A share with its interval on a line from 0 to 1, and what guessing gives. */
function Interval({ share, chance }: { share: ShareResult; chance: number | null }) {
  const { i18n } = useTranslation();
  const lang = i18n.language;
  const { value, low, high } = share;
  if (value === null || low === null || high === null) return "–";
  return (
    <span className="interval">
      <span>
        <strong>{percent(value, lang)}</strong> <span className="fine">{`${percent(low, lang)} – ${percent(high, lang)}`}</span>
      </span>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect width="100" height="6" rx="3" className="skill-track" />
        <rect x={low * 100} width={Math.max(1, (high - low) * 100)} height="6" rx="3" className="skill-range" />
        <rect x={Math.min(99, value * 100 - 0.5)} width="1" height="6" className="skill-mean" />
        {chance !== null && <rect x={chance * 100 - 0.25} width="0.7" height="6" className="chance" />}
      </svg>
    </span>
  );
}
