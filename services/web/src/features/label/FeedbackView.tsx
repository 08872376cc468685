import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Feedback, Label } from "~/client/types";
import { BitMask } from "~/lib/canvas/bitmask";
import { MaskDocument } from "~/lib/canvas/document";
import { Editor, type Overlay } from "~/lib/editor/Editor";
import { decodeMasks } from "~/lib/masks/masks";
import { labelColour, number, percent } from "~/lib/ui/format";
import { Button, Notice, type Tone } from "~/lib/ui/kit";
import type { Work } from "./useLabelling";

// Apart in hue and in lightness, so that they are apart for colour-blind eyes too.
const MISSED = "#56b4e9";
const EXTRA = "#e8703a";
const REFERENCE = "#ffffff";

/** After a gold image: your outline over the reference, missed and extra area shaded, and the words for it. */
export function FeedbackView({ work, feedback, labels, onNext }: { work: Work; feedback: Feedback; labels: Label[]; onNext: () => void }) {
  const { t, i18n } = useTranslation();
  const [overlays, setOverlays] = useState<Overlay[]>([]);
  const { frame, doc } = work;
  // One label at a time, the one with most to learn from first: what one missed is often what another has too much.
  const [compared, setCompared] = useState(() => [...feedback.labels].sort((a, b) => a.dice - b.dice)[0]?.label_id ?? doc.labels[0]!);
  // A copy without history: what was sent can be looked at, not changed.
  const shown = useMemo(() => {
    const copy = new MaskDocument(frame.width, frame.height, doc.labels);
    copy.load([{ label: compared, mask: doc.layer(compared) }]);
    return copy;
  }, [frame, doc, compared]);

  useEffect(() => {
    let gone = false;
    void decodeMasks(feedback.reference, frame).then((references) => {
      if (gone) return;
      const mine = doc.layer(compared);
      const reference = references.find((r) => r.label === compared)?.mask ?? new BitMask(frame.width, frame.height);
      const missed = reference.clone();
      missed.andNot(mine);
      const extra = mine.clone();
      extra.andNot(reference);
      setOverlays([
        { name: "missed", mask: missed, colour: MISSED, look: { opacity: 0.6 } },
        { name: "extra", mask: extra, colour: EXTRA, look: { opacity: 0.6 } },
        { name: "reference", mask: reference, colour: REFERENCE, look: { outlineOnly: true } },
      ]);
    });
    return () => {
      gone = true;
    };
  }, [feedback, frame, doc, compared]);

  const tone = (d: number): Tone => (d >= 0.85 ? "good" : d >= 0.6 ? "info" : "warn");
  return (
    <Editor
      frame={frame}
      doc={shown}
      labels={labels}
      imageId={null}
      readOnly
      overlays={overlays}
      onCommand={(c) => c === "submit" && onNext()}
      aside={
        <section className="feedback" aria-label={t("feedback.title")}>
          <h2>{t("feedback.title")}</h2>
          <p className="soft">{t("feedback.text")}</p>
          {feedback.labels.map((f) => {
            const label = labels.find((l) => l.id === f.label_id);
            return (
              <div key={f.label_id} className="feedback-label">
                <h3>
                  <button type="button" aria-pressed={f.label_id === compared} onClick={() => setCompared(f.label_id)}>
                    <span className="swatch" style={{ background: label ? labelColour(label) : undefined }} />
                    {label?.name}
                    <span className="feedback-dice">{percent(f.dice, i18n.language)}</span>
                  </button>
                </h3>
                <Notice tone={tone(f.dice)}>
                  <p>{t(f.dice >= 0.9 ? "feedback.great" : f.dice >= 0.75 ? "feedback.good" : f.dice >= 0.5 ? "feedback.fair" : "feedback.poor")}</p>
                  {f.message && <p>{f.message}</p>}
                </Notice>
                <p className="fine">{t("feedback.pixels", { missed: number(f.missed_px, i18n.language), extra: number(f.extra_px, i18n.language) })}</p>
              </div>
            );
          })}
          <ul className="legend">
            <li>
              <span className="swatch" style={{ background: MISSED }} /> {t("feedback.missed")}
            </li>
            <li>
              <span className="swatch" style={{ background: EXTRA }} /> {t("feedback.extra")}
            </li>
            <li>
              <span className="swatch outline" /> {t("feedback.reference")}
            </li>
          </ul>
        </section>
      }
      actions={
        <Button variant="primary" icon="arrow" onClick={onNext}>
          {t("feedback.next")}
        </Button>
      }
    />
  );
}
