import { type ReactNode, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Feedback, Label } from "~/client/types";
import { BitMask } from "~/lib/canvas/bitmask";
import { MaskDocument } from "~/lib/canvas/document";
import { Editor, type Overlay } from "~/lib/editor/Editor";
import { decodeMasks } from "~/lib/masks/masks";
import type { Frame } from "~/lib/stage/frame";
import { labelColour, percent } from "~/lib/ui/format";
import { Button, Notice, type Tone } from "~/lib/ui/kit";
import { type Comparison, compare } from "./compare";
import { Words } from "./Words";
import "./feedback.css";

// Apart in hue and in lightness, so that they are apart for colour-blind eyes too.
const MISSED = "#56b4e9";
const EXTRA = "#e8703a";
const REFERENCE = "#ffffff";

export interface Drawn {
  frame: Frame;
  doc: MaskDocument;
  /** Row and column in mm, where the image says so. */
  spacing?: [number, number] | null;
}

interface Props {
  work: Drawn;
  feedback: Feedback;
  labels: Label[];
  onNext: () => void;
  /** Said above the comparison: in practice whether the image is mastered, in real work what the image is. */
  intro?: ReactNode;
  /** In place of the one button. */
  actions?: ReactNode;
}

/** After gold or practice: your outline over the reference, missed and extra area shaded, and the words for it. */
export function FeedbackView({ work, feedback, labels, onNext, intro, actions }: Props) {
  const { t, i18n } = useTranslation();
  const { frame, doc, spacing } = work;
  const [references, setReferences] = useState<ReadonlyMap<number, BitMask> | null>(null);
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
    void decodeMasks(feedback.reference, frame).then((found) => {
      if (!gone) setReferences(new Map(found.map((r) => [r.label, r.mask])));
    });
    return () => {
      gone = true;
    };
  }, [feedback, frame]);

  const reference = useMemo(() => references && (references.get(compared) ?? new BitMask(frame.width, frame.height)), [references, compared, frame]);
  const overlays = useMemo<Overlay[]>(() => {
    if (!reference) return [];
    const mine = doc.layer(compared);
    const missed = reference.clone();
    missed.andNot(mine);
    const extra = mine.clone();
    extra.andNot(reference);
    return [
      { name: "missed", mask: missed, colour: MISSED, look: { opacity: 0.6 } },
      { name: "extra", mask: extra, colour: EXTRA, look: { opacity: 0.6 } },
      { name: "reference", mask: reference, colour: REFERENCE, look: { outlineOnly: true } },
    ];
  }, [reference, doc, compared]);
  const comparison = useMemo<Comparison | null>(() => reference && compare(doc.layer(compared), reference, spacing ?? null), [reference, doc, compared, spacing]);

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
          {intro ?? <p className="soft">{t("feedback.text")}</p>}
          {feedback.labels.map((f) => {
            const label = labels.find((l) => l.id === f.label_id);
            const open = f.label_id === compared;
            return (
              <div key={f.label_id} className="feedback-label">
                <h3>
                  <button type="button" aria-pressed={open} onClick={() => setCompared(f.label_id)}>
                    <span className="swatch" style={{ background: label ? labelColour(label) : undefined }} />
                    {label?.name}
                    <span className="feedback-dice">{percent(f.dice, i18n.language)}</span>
                  </button>
                </h3>
                {open && comparison && (
                  <Notice tone={toneOf(f.dice)}>
                    <Words comparison={comparison} />
                  </Notice>
                )}
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
        actions ?? (
          <Button variant="primary" icon="arrow" onClick={onNext}>
            {t("feedback.next")}
          </Button>
        )
      }
    />
  );
}

export function toneOf(dice: number): Tone {
  return dice >= 0.85 ? "good" : dice >= 0.6 ? "info" : "warn";
}
