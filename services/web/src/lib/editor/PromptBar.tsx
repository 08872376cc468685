import { useTranslation } from "react-i18next";
import { Icon } from "~/lib/ui/icons";
import { Button, IconButton } from "~/lib/ui/kit";
import { isAway, useErrorText } from "~/lib/ui/remote";
import type { PromptState } from "./usePrompt";

interface Props {
  state: PromptState;
  /** A tool is chosen whose marks say "this" or "not this". */
  marking: boolean;
  negative: boolean;
  onNegative: (negative: boolean) => void;
  onMerge: (how: "add" | "subtract") => void;
  onDrop: () => void;
}

/** Below the picture while the segmenter is asked: what the next mark says, what it found, and what becomes of that. */
export function PromptBar({ state, marking, negative, onNegative, onMerge, onDrop }: Props) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { busy, mask, error } = state;
  const asked = busy || mask !== null || error !== null;
  if (!asked && !marking) return null;
  return (
    <div className="stage-float" role="group" aria-label={t("prompt.title")}>
      {marking && (
        <div className="signs" role="radiogroup" aria-label={t("prompt.sign")}>
          {[false, true].map((n) => (
            <label key={String(n)} data-on={negative === n}>
              <input type="radio" name="prompt-sign" checked={negative === n} onChange={() => onNegative(n)} />
              <Icon name={n ? "minus" : "plus"} /> {t(n ? "prompt.outside" : "prompt.inside")}
            </label>
          ))}
        </div>
      )}
      {busy && <span className="spinner" role="status" aria-label={t("prompt.busy")} />}
      {error !== null && (isAway(error) ? <span className="float-note" role="status">{t("prompt.away")}</span> : <span className="float-error">{errorText(error)}</span>)}
      {mask && (
        <>
          <Button variant="primary" icon="check" onClick={() => onMerge("add")}>
            {t("prompt.add")}
          </Button>
          <Button icon="minus" onClick={() => onMerge("subtract")}>
            {t("prompt.subtract")}
          </Button>
        </>
      )}
      {asked && <IconButton icon="close" label={t("prompt.drop")} onClick={onDrop} />}
    </div>
  );
}
