import { type ButtonHTMLAttributes, Children, cloneElement, type InputHTMLAttributes, isValidElement, type ReactElement, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useEffect, useId, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { number } from "./format";
import { Icon, type IconName } from "./icons";

type Variant = "primary" | "plain" | "quiet" | "danger";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  variant?: Variant;
  icon?: IconName;
  busy?: boolean;
}

export function Button({ variant = "plain", icon, busy = false, children, className = "", disabled, ...rest }: ButtonProps) {
  return (
    <button type="button" className={`button button-${variant} ${className}`} disabled={disabled === true || busy} aria-busy={busy || undefined} {...rest}>
      {busy ? <span className="spinner" aria-hidden="true" /> : icon ? <Icon name={icon} /> : null}
      {children !== undefined && <span>{children}</span>}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: IconName;
  label: string;
  pressed?: boolean;
  hint?: string;
}

export function IconButton({ icon, label, pressed, hint, className = "", ...rest }: IconButtonProps) {
  return (
    <button type="button" className={`icon-button ${className}`} aria-label={label} aria-pressed={pressed} title={hint ? `${label} (${hint})` : label} {...rest}>
      <Icon name={icon} size={22} />
    </button>
  );
}

export function Dialog({ open, onClose, title, children, wide = false }: { open: boolean; onClose: () => void; title: string; children: ReactNode; wide?: boolean }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  const { t } = useTranslation();
  useEffect(() => {
    const el = ref.current;
    if (!el) return;
    if (open && !el.open) el.showModal();
    if (!open && el.open) el.close();
  }, [open]);
  // Closing before it is taken away gives the focus back to where it came from.
  useLayoutEffect(() => {
    const el = ref.current;
    return () => el?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
    >
      {open && (
        <>
          <header className="dialog-head">
            <h2 id={id}>{title}</h2>
            <IconButton icon="close" label={t("common.close")} onClick={onClose} />
          </header>
          <div className="dialog-body">{children}</div>
        </>
      )}
    </dialog>
  );
}

interface FieldFrame {
  label: string;
  hint?: string;
  error?: string;
}

export function Field({ label, hint, error, ...rest }: FieldFrame & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-describedby={hint || error ? `${id}-h` : undefined} aria-invalid={error ? true : undefined} {...rest} />
      <FieldNote id={`${id}-h`} hint={hint} error={error} />
    </div>
  );
}

export function TextArea({ label, hint, error, ...rest }: FieldFrame & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea id={id} aria-describedby={hint || error ? `${id}-h` : undefined} {...rest} />
      <FieldNote id={`${id}-h`} hint={hint} error={error} />
    </div>
  );
}

export function Select({ label, hint, error, children, ...rest }: FieldFrame & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} {...rest}>
        {children}
      </select>
      <FieldNote id={`${id}-h`} hint={hint} error={error} />
    </div>
  );
}

function FieldNote({ id, hint, error }: { id: string; hint?: string; error?: string }) {
  if (error)
    return (
      <p id={id} className="field-error" role="alert">
        {error}
      </p>
    );
  return hint ? (
    <p id={id} className="field-hint">
      {hint}
    </p>
  ) : null;
}

export function Check({ label, checked, onChange, disabled }: { label: ReactNode; checked: boolean; onChange: (v: boolean) => void; disabled?: boolean }) {
  return (
    <label className="check">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(e) => onChange(e.target.checked)} />
      <span>{label}</span>
    </label>
  );
}

export function Slider({ label, value, min, max, step = 1, onChange, shown }: { label: string; value: number; min: number; max: number; step?: number; onChange: (v: number) => void; shown?: string }) {
  const { i18n } = useTranslation();
  const id = useId();
  return (
    <div className="slider">
      <label htmlFor={id}>{label}</label>
      <output htmlFor={id}>{shown ?? number(value, i18n.language, 1)}</output>
      <input id={id} type="range" min={min} max={max} step={step} value={value} onChange={(e) => onChange(Number(e.target.value))} />
    </div>
  );
}

export function Progress({ value, max = 1, label }: { value: number; max?: number; label: string }) {
  const share = max > 0 ? Math.min(1, value / max) : 0;
  return (
    <div className="progress" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}>
      <span style={{ width: `${share * 100}%` }} />
    </div>
  );
}

export type Tone = "info" | "good" | "warn" | "bad";

export function Notice({ tone = "info", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <div className={`notice notice-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={tone === "good" ? "check" : tone === "info" ? "help" : "warning"} />
      <div>{children}</div>
    </div>
  );
}

export function Badge({ tone = "info", children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`badge badge-${tone}`}>{children}</span>;
}

export function Loading({ label }: { label?: string }) {
  const { t } = useTranslation();
  return (
    <div className="loading" role="status">
      <span className="spinner" aria-hidden="true" />
      <span>{label ?? t("common.loading")}</span>
    </div>
  );
}

/** Nothing to show, and what to do about it. `heading` where it is all there is on the page. */
export function Empty({ icon = "layers", title, heading = false, children }: { icon?: IconName; title: string; heading?: boolean; children?: ReactNode }) {
  return (
    <div className="empty">
      <Icon name={icon} size={40} />
      {heading ? <h1 className="empty-title">{title}</h1> : <p className="empty-title">{title}</p>}
      {children}
    </div>
  );
}

export function Stat({ value, label, note }: { value: ReactNode; label: string; note?: string }) {
  return (
    <div className="stat">
      <dt>{label}</dt>
      <dd>{value}</dd>
      {note && <dd className="stat-note">{note}</dd>}
    </div>
  );
}

/**
 * A table that scrolls by itself, reachable by keyboard; on a narrow screen each row is a block with its columns' names, and nothing
 * scrolls sideways. The children are the rows themselves, not components that make them. Blocks are no rows to a screen reader: what
 * they are is said by roles.
 */
export function Table({ caption, head, children }: { caption: string; head: string[]; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must be reachable by keyboard
    <div className="table-scroll" role="region" aria-label={caption} tabIndex={0}>
      <table role="table">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr role="row">
            {head.map((h, i) => (
              <th key={i} scope="col" role="columnheader">
                {h === "" ? <span className="sr-only">{t("common.actions")}</span> : h}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{Children.map(children, (row) => named(row, head))}</tbody>
      </table>
    </div>
  );
}

type Part = ReactElement<{ children?: ReactNode; scope?: string }>;

function named(row: ReactNode, head: string[]): ReactNode {
  if (!isValidElement(row)) return row;
  const cells = Children.map((row as Part).props.children, (cell, i) => (isValidElement(cell) ? cloneElement(cell as ReactElement<Record<string, unknown>>, { role: (cell as Part).props.scope ? "rowheader" : "cell", "data-head": head[i] || undefined }) : cell));
  return cloneElement(row as ReactElement<Record<string, unknown>>, { role: "row" }, cells);
}
