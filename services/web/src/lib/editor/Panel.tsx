import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Label } from "~/client/types";
import { type Display, PLAIN, PRESETS, type Preset } from "~/lib/canvas/window";
import { labelColour, number, percent } from "~/lib/ui/format";
import { Button, Check, IconButton, Slider } from "~/lib/ui/kit";
import type { Prefs } from "./prefs";

interface Props {
  labels: Label[];
  active: number;
  hiddenLabels: ReadonlySet<number>;
  areas: Record<number, number>;
  prefs: Prefs;
  display: Display;
  hidden: boolean;
  readOnly: boolean;
  onLabel: (id: number) => void;
  onToggleLabel: (id: number) => void;
  onClear: (id: number) => void;
  onPrefs: (change: Partial<Prefs>) => void;
  onDisplay: (display: Display) => void;
  preset: Preset | null;
  onPreset: (preset: Preset) => void;
  onHidden: (hidden: boolean) => void;
}

export function Panel(p: Props) {
  const { t, i18n } = useTranslation();
  const { prefs, display } = p;
  const { language } = i18n;
  useEffect(() => {
    // The first number takes its time, and would take it in the middle of the first stroke.
    const timer = setTimeout(() => number(0, language), 0);
    return () => clearTimeout(timer);
  }, [language]);
  return (
    <div className="panel-body">
      <fieldset className="labels">
        <legend>{t("editor.labels")}</legend>
        {p.labels.map((l, i) => (
          <div key={l.id} className="label-row" data-active={l.id === p.active}>
            <label className="label-choice" title={l.description ?? undefined}>
              <input type="radio" name="active-label" checked={l.id === p.active} onChange={() => p.onLabel(l.id)} />
              <span className="swatch" style={{ background: labelColour(l) }} />
              <bdi className="label-name">{l.name}</bdi>
              {i < 9 && <kbd>{i + 1}</kbd>}
              <span className="label-area">{p.areas[l.id] ? number(p.areas[l.id]!, language) : ""}</span>
            </label>
            <IconButton icon={p.hiddenLabels.has(l.id) ? "eyeOff" : "eye"} className="small" label={t("editor.showLabel", { name: l.name })} pressed={!p.hiddenLabels.has(l.id)} onClick={() => p.onToggleLabel(l.id)} />
            {!p.readOnly && <IconButton icon="trash" className="small" label={t("editor.clearLabel", { name: l.name })} disabled={!p.areas[l.id]} onClick={() => p.onClear(l.id)} />}
          </div>
        ))}
      </fieldset>
      {!p.readOnly && (
        <fieldset>
          <legend>{t("editor.brush")}</legend>
          <Slider label={t("editor.size")} min={1} max={120} value={prefs.size} shown={t("editor.px", { n: prefs.size })} onChange={(size) => p.onPrefs({ size })} />
          {prefs.tool === "threshold" && <Slider label={t("editor.tolerance")} min={1} max={120} value={prefs.tolerance} onChange={(tolerance) => p.onPrefs({ tolerance })} />}
          {p.labels.length > 1 && <Check label={t("editor.protect")} checked={prefs.protect} onChange={(protect) => p.onPrefs({ protect })} />}
          <Check label={t("editor.fingerOffset")} checked={prefs.fingerOffset} onChange={(fingerOffset) => p.onPrefs({ fingerOffset })} />
        </fieldset>
      )}
      <fieldset>
        <legend>{t("editor.look")}</legend>
        <Slider label={t("editor.opacity")} min={0} max={1} step={0.05} value={prefs.opacity} shown={percent(prefs.opacity, language)} onChange={(opacity) => p.onPrefs({ opacity })} />
        <Check label={t("command.outline")} checked={prefs.outlineOnly} onChange={(outlineOnly) => p.onPrefs({ outlineOnly })} />
        <Check label={t("command.hide")} checked={p.hidden} onChange={p.onHidden} />
      </fieldset>
      <fieldset>
        <legend>{t("editor.image")}</legend>
        <Slider label={t("editor.level")} min={0} max={255} value={Math.round(display.level)} onChange={(level) => p.onDisplay({ ...display, level })} />
        <Slider label={t("editor.width")} min={4} max={400} value={Math.round(display.width)} onChange={(width) => p.onDisplay({ ...display, width })} />
        <Slider label={t("editor.gamma")} min={0.3} max={3} step={0.1} value={display.gamma} onChange={(gamma) => p.onDisplay({ ...display, gamma })} />
        <Check label={t("command.invert")} checked={display.invert} onChange={(invert) => p.onDisplay({ ...display, invert })} />
        <div className="row tight" role="group" aria-label={t("command.preset")}>
          {PRESETS.map((name) => (
            <button key={name} type="button" className="chip" aria-pressed={p.preset === name} onClick={() => p.onPreset(name)}>
              {t(`preset.${name}`)}
            </button>
          ))}
        </div>
        <Button onClick={() => p.onDisplay(PLAIN)}>{t("editor.reset")}</Button>
        <Check label={t("editor.minimap")} checked={prefs.minimap} onChange={(minimap) => p.onPrefs({ minimap })} />
      </fieldset>
    </div>
  );
}
