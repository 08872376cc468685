import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Icon, type IconName } from "./icons";
import { Markdown } from "./Markdown";
import { useErrorText } from "./remote";

export interface Edit {
  text: string;
  from: number;
  to: number;
}

/** Puts `before` and `after` around what is selected, or around a placeholder. */
export function wrap({ text, from, to }: Edit, before: string, after: string, placeholder: string): Edit {
  const inner = text.slice(from, to) || placeholder;
  return { text: text.slice(0, from) + before + inner + after + text.slice(to), from: from + before.length, to: from + before.length + inner.length };
}

/** Begins every selected line with `prefix`; takes it away where all of them have it. */
export function prefixLines({ text, from, to }: Edit, prefix: string): Edit {
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const after = text.indexOf("\n", to);
  const end = after === -1 ? text.length : after;
  const lines = text.slice(start, end).split("\n");
  const all = lines.every((l) => l.startsWith(prefix));
  const block = lines.map((l) => (all ? l.slice(prefix.length) : prefix + l)).join("\n");
  return { text: text.slice(0, start) + block + text.slice(end), from: start, to: start + block.length };
}

interface Props {
  label: string;
  hint?: string;
  value: string;
  onChange: (text: string) => void;
  maxLength: number;
  /** Stores a picture and answers its address; without it there is no picture button. */
  onPicture?: (file: File) => Promise<string>;
  rows?: number;
}

/** Markdown with its preview beside it: buttons for those who don't know the signs, keys for those who do. */
export function MarkdownEditor({ label, hint, value, onChange, maxLength, onPicture, rows = 16 }: Props) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");

  const edit = (change: (e: Edit) => Edit): void => {
    const el = area.current;
    if (!el) return;
    const next = change({ text: el.value, from: el.selectionStart, to: el.selectionEnd });
    onChange(next.text);
    // After React has written the text: the selection would be lost with it.
    requestAnimationFrame(() => {
      el.focus();
      el.setSelectionRange(next.from, next.to);
    });
  };
  const addPicture = async (picked: File | undefined): Promise<void> => {
    if (!picked || !onPicture) return;
    setBusy(true);
    setError("");
    try {
      const address = await onPicture(picked);
      edit((e) => {
        const alt = picked.name.replace(/\.[^.]+$/, "").replaceAll(/[[\]]/g, "");
        const put = `\n\n![${alt}](${address})\n\n`;
        return { text: e.text.slice(0, e.to) + put + e.text.slice(e.to), from: e.to + 4, to: e.to + 4 + alt.length };
      });
    } catch (problem) {
      setError(errorText(problem));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="markdown-editor">
      <div className="field">
        <label htmlFor={id}>{label}</label>
        <div className="markdown-tools" role="group" aria-label={t("markdown.tools")}>
          <Tool name={t("markdown.heading")} sign="H" onUse={() => edit((e) => prefixLines(e, "## "))} />
          <Tool name={t("markdown.bold")} sign="B" onUse={() => edit((e) => wrap(e, "**", "**", t("markdown.text")))} />
          <Tool name={t("markdown.italic")} sign="I" onUse={() => edit((e) => wrap(e, "*", "*", t("markdown.text")))} />
          <Tool name={t("markdown.list")} sign="•" onUse={() => edit((e) => prefixLines(e, "- "))} />
          <Tool name={t("markdown.link")} sign="↗" onUse={() => edit((e) => wrap(e, "[", "](https://)", t("markdown.text")))} />
          {onPicture && <Tool name={t("markdown.picture")} icon="upload" off={busy} onUse={() => file.current?.click()} />}
          {busy && <span className="spinner" role="status" aria-label={t("common.loading")} />}
        </div>
        <textarea ref={area} id={id} rows={rows} maxLength={maxLength} value={value} aria-describedby={hint ? `${id}-h` : undefined} onChange={(e) => onChange(e.target.value)} />
        {hint && (
          <p id={`${id}-h`} className="field-hint">
            {hint}
          </p>
        )}
        {error && (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        {onPicture && (
          <input
            ref={file}
            type="file"
            accept="image/png,image/jpeg,image/webp"
            hidden
            aria-label={t("markdown.picture")}
            onChange={(e) => {
              void addPicture(e.target.files?.[0]);
              e.target.value = "";
            }}
          />
        )}
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <section className="preview" tabIndex={0} aria-label={`${t("wizard.preview")}: ${label}`}>
        {value ? <Markdown text={value} /> : <p className="soft">{t("markdown.empty")}</p>}
      </section>
    </div>
  );
}

function Tool({ name, icon, sign, off = false, onUse }: { name: string; icon?: IconName; sign?: string; off?: boolean; onUse: () => void }) {
  return (
    <button type="button" className="icon-button small" aria-label={name} title={name} disabled={off} onClick={onUse}>
      {icon ? <Icon name={icon} size={18} /> : <span aria-hidden="true">{sign}</span>}
    </button>
  );
}
