import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { NewLabel, ProjectSettings } from "~/client/types";
import { PALETTE } from "~/lib/ui/format";
import { Button, Check, Field, IconButton, TextArea } from "~/lib/ui/kit";
import { Markdown } from "~/lib/ui/Markdown";

export interface DraftLabel extends NewLabel {
  id?: number;
  key: string;
}

export interface ProjectDraft extends ProjectSettings {
  labels: DraftLabel[];
}

export function emptyDraft(): ProjectDraft {
  return {
    name: "",
    summary: "",
    instructions: "",
    quorum: 5,
    gold_share: 0.1,
    gold_feedback: true,
    open: true,
    accept_agreement: 0.7,
    lease_seconds: 1800,
    show_proposals: true,
    practice_required: 0,
    practice_dice: 0.7,
    outcomes: "",
    overlap_least: 0,
    overlap_most: 0,
    overlap_dice: 0.9,
    gold_adaptive: false,
    proposal_control: 0,
    labels: [{ key: "1", name: "", color: PALETTE[0], description: "" }],
  };
}

/** The wizard and the settings are the same questions, but for the guide, which has an editor of its own once there is a project. */
export function ProjectForm({ initial, submit, busy, note, guideApart = false, children }: { initial: ProjectDraft; submit: (draft: ProjectDraft) => void; busy: boolean; note: string; guideApart?: boolean; children?: ReactNode }) {
  const { t } = useTranslation();
  const [d, setD] = useState(initial);
  const [preview, setPreview] = useState(false);
  const set = <K extends keyof ProjectDraft>(key: K, value: ProjectDraft[K]) => setD((b) => ({ ...b, [key]: value }));
  const setLabel = (i: number, part: Partial<DraftLabel>) => set("labels", d.labels.map((l, j) => (j === i ? { ...l, ...part } : l)));
  const onSubmit = (e: { preventDefault: () => void }) => {
    e.preventDefault();
    submit(d);
  };
  return (
    <form className="form wizard" onSubmit={onSubmit}>
      <section className="card">
        <h2>{t("wizard.about")}</h2>
        <Field label={t("wizard.name")} required maxLength={200} value={d.name} onChange={(e) => set("name", e.target.value)} />
        <Field label={t("wizard.summary")} hint={t("wizard.summaryHint")} maxLength={1000} value={d.summary} onChange={(e) => set("summary", e.target.value)} />
      </section>
      <section className="card">
        <h2>{t("wizard.labels")}</h2>
        <p className="soft">{t("wizard.labelsHint")}</p>
        {d.labels.map((l, i) => (
          <fieldset key={l.key} className="label-edit">
            <legend className="sr-only">{t("wizard.labelN", { n: i + 1 })}</legend>
            <div className="field colour">
              <label htmlFor={`colour-${l.key}`}>{t("wizard.colour")}</label>
              <input id={`colour-${l.key}`} type="color" value={l.color ?? "#f0a020"} onChange={(e) => setLabel(i, { color: e.target.value })} />
            </div>
            <Field label={t("wizard.labelName")} required maxLength={80} value={l.name} onChange={(e) => setLabel(i, { name: e.target.value })} />
            <Field label={t("wizard.labelText")} maxLength={1000} value={l.description ?? ""} onChange={(e) => setLabel(i, { description: e.target.value })} />
            {l.id === undefined && d.labels.length > 1 && <IconButton icon="trash" label={t("wizard.labelRemove", { n: i + 1 })} onClick={() => set("labels", d.labels.filter((_, j) => j !== i))} />}
          </fieldset>
        ))}
        <Button icon="plus" onClick={() => set("labels", [...d.labels, { key: crypto.randomUUID(), name: "", color: PALETTE[d.labels.length % PALETTE.length], description: "" }])}>
          {t("wizard.labelAdd")}
        </Button>
      </section>
      {!guideApart && (
        <section className="card">
          <h2>{t("wizard.guide")}</h2>
          <TextArea label={t("wizard.instructions")} hint={t("wizard.instructionsHint")} rows={10} maxLength={50000} value={d.instructions} onChange={(e) => set("instructions", e.target.value)} />
          <Check label={t("wizard.preview")} checked={preview} onChange={setPreview} />
          {preview && (
            <div className="preview">
              <Markdown text={d.instructions} />
            </div>
          )}
        </section>
      )}
      <section className="card">
        <h2>{t("wizard.work")}</h2>
        <div className="columns">
          <Field label={t("wizard.quorum")} hint={t("wizard.quorumHint")} type="number" min={1} max={100} value={d.quorum} onChange={(e) => set("quorum", Number(e.target.value))} />
          <Field label={t("wizard.goldShare")} hint={t("wizard.goldShareHint")} type="number" min={0} max={100} step={1} value={Math.round(d.gold_share * 100)} onChange={(e) => set("gold_share", Number(e.target.value) / 100)} />
          <Field label={t("wizard.accept")} hint={t("wizard.acceptHint")} type="number" min={0} max={100} step={1} value={Math.round(d.accept_agreement * 100)} onChange={(e) => set("accept_agreement", Number(e.target.value) / 100)} />
          <Field label={t("wizard.lease")} hint={t("wizard.leaseHint")} type="number" min={1} max={1440} value={Math.round(d.lease_seconds / 60)} onChange={(e) => set("lease_seconds", Number(e.target.value) * 60)} />
        </div>
        <div className="columns">
          <Field label={t("wizard.practice")} hint={t("wizard.practiceHint")} type="number" min={0} max={50} value={d.practice_required} onChange={(e) => set("practice_required", Number(e.target.value))} />
          <Field label={t("wizard.practiceDice")} hint={t("wizard.practiceDiceHint")} type="number" min={0} max={100} step={1} value={Math.round(d.practice_dice * 100)} onChange={(e) => set("practice_dice", Number(e.target.value) / 100)} />
        </div>
        <Check
          label={t("wizard.overlap")}
          checked={d.overlap_most > 0}
          onChange={(on) => setD((b) => ({ ...b, overlap_least: on ? Math.min(2, b.quorum) : 0, overlap_most: on ? b.quorum + 3 : 0 }))}
        />
        {d.overlap_most > 0 && (
          <>
            <p className="fine">{t("wizard.overlapHint", { count: d.quorum })}</p>
            <div className="columns">
              <Field label={t("wizard.overlapLeast")} type="number" required min={1} max={d.quorum} value={d.overlap_least} onChange={(e) => set("overlap_least", Number(e.target.value))} />
              <Field label={t("wizard.overlapMost")} type="number" required min={d.quorum} max={100} value={d.overlap_most} onChange={(e) => set("overlap_most", Number(e.target.value))} />
              <Field label={t("wizard.overlapDice")} type="number" required min={50} max={99} step={1} value={Math.round(d.overlap_dice * 100)} onChange={(e) => set("overlap_dice", Number(e.target.value) / 100)} />
            </div>
          </>
        )}
        <Check label={t("wizard.goldAdaptive")} checked={d.gold_adaptive} onChange={(v) => set("gold_adaptive", v)} />
        <Check label={t("wizard.feedback")} checked={d.gold_feedback} onChange={(v) => set("gold_feedback", v)} />
        <Check label={t("wizard.proposals")} checked={d.show_proposals} onChange={(v) => set("show_proposals", v)} />
        {d.show_proposals && (
          <Field label={t("wizard.proposalControl")} hint={t("wizard.proposalControlHint")} type="number" min={0} max={100} step={1} value={Math.round(d.proposal_control * 100)} onChange={(e) => set("proposal_control", Number(e.target.value) / 100)} />
        )}
        <Check label={t("wizard.open")} checked={d.open} onChange={(v) => set("open", v)} />
      </section>
      {children}
      <Button variant="primary" type="submit" icon="check" className="big" busy={busy}>
        {note}
      </Button>
    </form>
  );
}

/** What the API takes: no keys of ours, no empty descriptions. */
export function bodyOf(d: ProjectDraft): ProjectSettings & { labels: (NewLabel & { id?: number })[] } {
  return {
    ...d,
    labels: d.labels.map((l) => ({ ...(l.id === undefined ? {} : { id: l.id }), name: l.name.trim(), color: l.color, ...(l.description ? { description: l.description } : {}) })),
  };
}
