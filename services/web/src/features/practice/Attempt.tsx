import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "~/client/api";
import type { ImageRef, LabelMask, PracticeResult, Project, Standing } from "~/client/types";
import { MaskDocument } from "~/lib/canvas/document";
import { Editor, type Overlay } from "~/lib/editor/Editor";
import { FeedbackView } from "~/lib/feedback/FeedbackView";
import { decodeMasks, encodeMasks } from "~/lib/masks/masks";
import { loadFrame } from "~/lib/stage/frame";
import { percent } from "~/lib/ui/format";
import { Icon } from "~/lib/ui/icons";
import { Button, Check, Dialog, Notice } from "~/lib/ui/kit";
import { Failure, Remote } from "~/lib/ui/remote";
import { TryVerdict } from "./Again";
import { Coach } from "./Coach";
import { BEGINNING, advance, leaveOut } from "./tutorial";

interface Props {
  project: Project;
  image: ImageRef;
  tutorial: boolean;
  /** Masks that may be shown while drawing: of the example, never of an image that counts. */
  reference: LabelMask[];
  standing: Standing;
  onTutorialEnd: () => void;
  onResult: (result: PracticeResult) => void;
  onAgain: () => void;
  onNext: () => void;
  onCourse: () => void;
}

/** One practice image: draw, send, compare; again or the next. */
export function Attempt({ project, image, tutorial, reference, standing, onTutorialEnd, onResult, onAgain, onNext, onCourse }: Props) {
  const { t } = useTranslation();
  const [progress, setProgress] = useState(BEGINNING);
  const [coached, setCoached] = useState(tutorial);
  const [peek, setPeek] = useState(false);
  const [confirmEmpty, setConfirmEmpty] = useState(false);
  const query = useQuery({
    queryKey: ["practice-attempt", image.id],
    staleTime: Infinity,
    gcTime: 0,
    queryFn: async () => {
      const frame = await loadFrame(await api.frame(image.frame_url));
      const doc = new MaskDocument(frame.width, frame.height, project.labels.map((l) => l.id));
      const shown = await decodeMasks(reference, frame);
      return { frame, doc, overlays: shown.map<Overlay>((r) => ({ name: `reference-${r.label}`, mask: r.mask, colour: "#ffffff", look: { outlineOnly: true } })) };
    },
  });
  const send = useMutation({
    mutationFn: async ({ doc, nothing }: { doc: MaskDocument; nothing: boolean }) => api.practise(project.id, image.id, nothing ? [] : await encodeMasks(doc), nothing),
    onSuccess: (result) => {
      if (tutorial) onTutorialEnd();
      onResult(result);
    },
  });
  const result = send.data;
  const endTutorial = (): void => {
    onTutorialEnd();
    setCoached(false);
  };
  return (
    <Remote query={query}>
      {({ frame, doc, overlays }) => {
        const submit = (): void => (doc.isEmpty() ? setConfirmEmpty(true) : send.mutate({ doc, nothing: false }));
        if (result)
          return (
            <FeedbackView
              work={{ frame, doc, spacing: image.spacing }}
              feedback={result.feedback}
              labels={project.labels}
              onNext={onNext}
              intro={<Verdict result={result} example={overlays.length > 0} />}
              actions={
                <>
                  <Button icon="undo" variant="quiet" onClick={onAgain}>
                    {t("practice.again")}
                  </Button>
                  {result.standing.qualified && result.standing.required > 0 ? (
                    <Link className="button button-primary" to={`/projects/${project.id}/label`}>
                      <Icon name="brush" /> {t("practice.toWork")}
                    </Link>
                  ) : (
                    <Button onClick={onCourse}>{t("practice.overview")}</Button>
                  )}
                  <Button variant={result.standing.qualified && result.standing.required > 0 ? "plain" : "primary"} icon="arrow" onClick={onNext}>
                    {t("practice.next")}
                  </Button>
                </>
              }
            />
          );
        return (
          <>
            <Editor
              frame={frame}
              doc={doc}
              labels={project.labels}
              imageId={image.id}
              overlays={peek ? overlays : NONE}
              onChange={() => setProgress((p) => advance(p, doc))}
              onCommand={(c) => (c === "submit" ? submit() : c === "nothing" ? setConfirmEmpty(true) : onCourse())}
              banner={
                <>
                  <Failure error={send.error} />
                  {coached && <Coach step={progress.step} onNext={() => setProgress((p) => leaveOut(p, doc))} onEnd={endTutorial} />}
                </>
              }
              aside={
                <section className="practice-aside">
                  <p className="fine">{standing.qualified ? t("practice.hint") : t("practice.left", { count: standing.required - standing.passed })}</p>
                  {overlays.length > 0 && <Check label={t("practice.peek")} checked={peek} onChange={setPeek} />}
                </section>
              }
              actions={
                <>
                  <Button icon="empty" disabled={send.isPending} onClick={() => setConfirmEmpty(true)}>
                    {t("command.nothing")}
                  </Button>
                  <Button variant="primary" icon="check" busy={send.isPending} onClick={submit}>
                    {t("practice.compare")}
                  </Button>
                </>
              }
            />
            <Dialog open={confirmEmpty} onClose={() => setConfirmEmpty(false)} title={t("label.emptyTitle")}>
              <p>{doc.isEmpty() ? t("label.emptyText") : t("label.emptyDrawn")}</p>
              <div className="row">
                <Button
                  variant="primary"
                  icon="empty"
                  onClick={() => {
                    setConfirmEmpty(false);
                    doc.clearAll();
                    send.mutate({ doc, nothing: true });
                  }}
                >
                  {t("label.emptyYes")}
                </Button>
                <Button onClick={() => setConfirmEmpty(false)}>{t("label.emptyNo")}</Button>
              </div>
            </Dialog>
          </>
        );
      }}
    </Remote>
  );
}

const NONE: Overlay[] = [];

function Verdict({ result, example }: { result: PracticeResult; example: boolean }) {
  const { t, i18n } = useTranslation();
  const { standing } = result;
  const share = percent(result.dice, i18n.language);
  if (result.appeal) return <TryVerdict tried={result.appeal} />;
  if (example) return <p className="soft">{t("practice.exampleDone")}</p>;
  return (
    <Notice tone={result.passed ? "good" : "info"}>
      <p>{result.passed ? t("practice.passed", { share }) : t("practice.notYet", { share, threshold: percent(standing.threshold, i18n.language) })}</p>
      {standing.required > 0 && <p>{standing.qualified ? t("practice.qualified") : t("practice.left", { count: standing.required - standing.passed })}</p>}
    </Notice>
  );
}
