import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useParams } from "react-router";
import { api } from "~/client/api";
import { ApiError } from "~/client/http";
import type { Project } from "~/client/types";
import { Editor } from "~/lib/editor/Editor";
import { BreakReminder } from "~/lib/calm/BreakReminder";
import { kept } from "~/lib/journal/kept";
import { useSession } from "~/lib/session/session";
import { Icon } from "~/lib/ui/icons";
import { AdviceNotice } from "~/lib/standing/AdviceNotice";
import { QuarantineNotice } from "~/lib/standing/QuarantineNotice";
import { Button, Dialog, Empty, IconButton, Loading, Notice } from "~/lib/ui/kit";
import { Markdown } from "~/lib/ui/Markdown";
import { NotFound } from "~/lib/ui/NotFound";
import { Failure, Remote, useErrorText } from "~/lib/ui/remote";
import { FeedbackView } from "~/lib/feedback/FeedbackView";
import { Along } from "./Along";
import { FlagImage } from "./FlagImage";
import { ProposalBanner } from "./ProposalBanner";
import { SkipDialog } from "./SkipDialog";
import "./label.css";
import { type Phase, useLabelling } from "./useLabelling";

export default function LabelPage() {
  const { t } = useTranslation();
  const { projectId = "" } = useParams();
  const { me, loading, ask } = useSession();
  const query = useQuery({ queryKey: ["project", projectId], queryFn: () => kept(`project:${projectId}`, () => api.project(projectId)), enabled: me !== null });
  if (loading) return <Loading />;
  if (!me || !me.consent_current)
    return (
      <main className="page narrow">
        <h1>{t("label.before")}</h1>
        <p className="lead">{t("label.beforeText")}</p>
        <Button variant="primary" className="big" onClick={() => void ask(me ? "consent" : "start")}>
          {t("landing.start")}
        </Button>
      </main>
    );
  return query.data ? (
    <Labelling project={query.data} rater={me.id} />
  ) : (
    <main className="page narrow">
      <h1 className="sr-only">{t("label.title")}</h1>
      <Remote query={query} missing={<NotFound inside to="/projects" label={t("nav.projects")} />}>
        {() => null}
      </Remote>
    </main>
  );
}

function Labelling({ project, rater }: { project: Project; rater: string }) {
  const { t } = useTranslation();
  const l = useLabelling(project, rater);
  const seenKey = `bramble.guide.${project.id}`;
  const [guide, setGuide] = useState(() => localStorage.getItem(seenKey) === null);
  const [skipping, setSkipping] = useState(false);
  const [confirmEmpty, setConfirmEmpty] = useState(false);
  const task = l.work?.assignment.task.id;
  const [note, setNote] = useState({ task: "", unsure: false, comment: "" });
  // What was said belongs to one image: with the next one it is gone.
  const { unsure, comment } = note.task === task ? note : { unsure: false, comment: "" };
  const say = (part: { unsure?: boolean; comment?: string }) => setNote({ task: task ?? "", unsure, comment, ...part });

  const send = (nothingHere: boolean) => void l.submit({ nothingHere, unsure, comment: comment.trim() || undefined });
  const submit = () => {
    if (l.phase.name !== "drawing" || !l.work) return;
    if (l.work.doc.isEmpty()) setConfirmEmpty(true);
    else send(false);
  };
  const sending = l.phase.name === "sending";
  const compared = l.phase.name === "feedback" ? (l.phase.of ?? l.work) : null;

  return (
    <div className="label-page">
      <header className="label-head">
        <Link className="icon-button" to={`/projects/${project.id}`} aria-label={t("label.leave")}>
          <Icon name="back" size={22} />
        </Link>
        <h1 title={project.name}><bdi>{project.name}</bdi></h1>
        <Status l={l} />
        <IconButton icon="help" label={t("projects.guide")} onClick={() => setGuide(true)} />
      </header>
      <main className="label-main">
        {l.phase.name === "feedback" && compared ? (
          <FeedbackView key={l.phase.of ? "late" : task} work={{ frame: compared.frame, doc: compared.doc, spacing: compared.assignment.task.image.spacing }} feedback={l.phase.feedback} labels={project.labels} onNext={() => void l.next()} />
        ) : l.work && (l.phase.name === "drawing" || sending) ? (
          <Editor
            frame={l.work.frame}
            doc={l.work.doc}
            labels={project.labels}
            imageId={l.work.assignment.task.image.id}
            onChange={l.strokes}
            onClicks={l.clicked}
            onDrawn={l.drawn}
            onCommand={(c) => (c === "submit" ? submit() : c === "skip" ? setSkipping(true) : setConfirmEmpty(true))}
            banner={
              <>
                <QuarantineNotice project={project.id} />
                <AdviceNotice project={project} />
                <NewsLine l={l} />
                {l.late && (
                  <Notice>
                    {t("label.late")}{" "}
                    <Button icon="eye" onClick={() => void l.review()}>
                      {t("label.lateShow")}
                    </Button>
                  </Notice>
                )}
                <BreakReminder />
                {project.show_proposals && <ProposalBanner key={task} work={l.work} labels={project.labels} onShown={l.proposalShown} />}
              </>
            }
            aside={
              <>
              <Along ahead={l.ahead} project={project.id} rater={rater} />
              <details className="say-more">
                <summary>
                  <Icon name="comment" /> {t("label.tell")}
                </summary>
                <label className="check">
                  <input type="checkbox" checked={unsure} onChange={(e) => say({ unsure: e.target.checked })} />
                  <span>{t("label.unsure")}</span>
                </label>
                <div className="field">
                  <label htmlFor="comment">{t("label.comment")}</label>
                  <textarea id="comment" rows={2} maxLength={1000} value={comment} onChange={(e) => say({ comment: e.target.value })} />
                </div>
                <FlagImage key={task} project={project.id} image={l.work.assignment.task.image.id} />
              </details>
              </>
            }
            actions={
              <>
                <Button icon="skip" variant="quiet" disabled={sending} onClick={() => setSkipping(true)}>
                  {t("command.skip")}
                </Button>
                <Button icon="empty" disabled={sending} onClick={() => setConfirmEmpty(true)}>
                  {t("command.nothing")}
                </Button>
                <Button variant="primary" icon="check" busy={sending} onClick={submit}>
                  {t("command.submit")}
                </Button>
              </>
            }
          />
        ) : (
          <Between project={project.id} phase={l.phase} onAgain={() => void l.next()} waiting={l.waiting} />
        )}
      </main>
      <Dialog
        open={guide}
        onClose={() => {
          localStorage.setItem(seenKey, "1");
          setGuide(false);
        }}
        title={t("guide.title")}
        wide
      >
        {project.instructions ? <Markdown text={project.instructions} /> : <p>{t("guide.none")}</p>}
        <Button
          variant="primary"
          className="wide"
          icon="brush"
          onClick={() => {
            localStorage.setItem(seenKey, "1");
            setGuide(false);
          }}
        >
          {t("guide.begin")}
        </Button>
      </Dialog>
      <SkipDialog open={skipping} onClose={() => setSkipping(false)} onSkip={(reason) => (setSkipping(false), void l.skip(reason))} />
      <Dialog open={confirmEmpty} onClose={() => setConfirmEmpty(false)} title={t("label.emptyTitle")}>
        <p>{l.work?.doc.isEmpty() ? t("label.emptyText") : t("label.emptyDrawn")}</p>
        <div className="row">
          <Button
            variant="primary"
            icon="empty"
            onClick={() => {
              setConfirmEmpty(false);
              send(true);
            }}
          >
            {t("label.emptyYes")}
          </Button>
          <Button onClick={() => setConfirmEmpty(false)}>{t("label.emptyNo")}</Button>
        </div>
      </Dialog>
    </div>
  );
}

type L = ReturnType<typeof useLabelling>;

function Status({ l }: { l: L }) {
  const { t } = useTranslation();
  if (l.waiting > 0)
    return (
      <span className="save-state warn" role="status">
        <Icon name="cloudOff" /> {t("label.waiting", { count: l.waiting })}
      </span>
    );
  return (
    <span className="save-state">
      <Icon name="saved" /> {t("label.saved")}
    </span>
  );
}

function NewsLine({ l }: { l: L }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  if (l.news === "expired") return <Notice tone="warn">{l.refusal?.code === "image-deleted" ? errorText(l.refusal) : t("label.expired")}</Notice>;
  if (l.news === "refused") return <Notice tone="bad">{t("label.refused", { reason: errorText(l.refusal) })}</Notice>;
  if (l.news === "queued") return <Notice tone="warn">{t("label.queued")}</Notice>;
  if (l.news === "sent") return <Notice tone="good">{t("label.sent")}</Notice>;
  if (l.news === "skipped") return <Notice>{t("label.skipped")}</Notice>;
  if (l.work?.restored) return <Notice>{t(`label.restored.${l.work.restored}`)}</Notice>;
  return null;
}

function Between({ project, phase, onAgain, waiting }: { project: string; phase: Phase; onAgain: () => void; waiting: number }) {
  const { t } = useTranslation();
  if (phase.name === "none")
    return (
      <Empty icon="star" title={t("label.none")}>
        <p className="soft">{t("label.noneText")}</p>
        <QuarantineNotice project={project} />
        <div className="row">
          <Link className="button button-primary" to="/projects">
            {t("label.others")}
          </Link>
          <Link className="button button-plain" to="/me">
            {t("nav.stats")}
          </Link>
        </div>
      </Empty>
    );
  if (phase.name === "offline")
    return (
      <Empty icon="cloudOff" title={t("label.offline")}>
        <p className="soft">{t("label.offlineText", { count: waiting })}</p>
        <Button onClick={onAgain}>{t("common.again")}</Button>
      </Empty>
    );
  if (phase.name === "failed" && phase.error instanceof ApiError && phase.error.code === "practice-first") return <Navigate replace to="../practice" relative="path" />;
  if (phase.name === "failed")
    return (
      <Empty icon="warning" title={t("label.failed")}>
        <Failure error={phase.error} />
        <Button onClick={onAgain}>{t("common.again")}</Button>
      </Empty>
    );
  return <Loading label={t("label.fetching")} />;
}
