import { useTranslation } from "react-i18next";
import { Button, IconButton } from "~/lib/ui/kit";
import type { Bindings } from "./commands";
import { SIDES, type Stack } from "./useStack";

const COMMAND = { before: "sliceBefore", after: "sliceAfter" } as const;

/** The slices before and after this one, to compare with; and one's own outline of the slice beside, to begin with. */
export function StackBar({ stack, bindings, readOnly, onCopy }: { stack: Stack; bindings: Bindings; readOnly: boolean; onCopy: () => void }) {
  const { t } = useTranslation();
  if (!stack.has.before && !stack.has.after) return null;
  return (
    <div className="stack-bar" role="group" aria-label={t("stack.title")}>
      {SIDES.map((side) => (
        <IconButton
          key={side}
          icon={side === "before" ? "sliceBefore" : "sliceAfter"}
          label={t(`command.${COMMAND[side]}`)}
          hint={bindings[COMMAND[side]].join(", ")}
          pressed={stack.shown === side}
          disabled={!stack.has[side]}
          onClick={() => stack.toggle(side)}
        />
      ))}
      {!readOnly && stack.copyFrom && stack.shown === null && (
        <Button icon="copy" variant="quiet" onClick={onCopy}>
          {t("command.copySlice")}
        </Button>
      )}
      {stack.shown && (
        <p className="stack-note" role="status">
          {stack.loading ? t("common.loading") : stack.failed ? t("stack.failed") : t(`stack.${stack.shown}`)}
        </p>
      )}
    </div>
  );
}
