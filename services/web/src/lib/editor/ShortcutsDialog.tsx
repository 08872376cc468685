import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Dialog } from "~/lib/ui/kit";
import { type Bindings, COMMANDS, type Command, combo, rebind } from "./commands";

/** The list of keys; choosing a row and pressing a key rebinds it. */
export function ShortcutsDialog({ open, onClose, bindings, onBindings }: { open: boolean; onClose: () => void; bindings: Bindings; onBindings: (b: Bindings) => void }) {
  const { t } = useTranslation();
  return (
    <Dialog open={open} onClose={onClose} title={t("keys.title")} wide>
      {open && <Keys bindings={bindings} onBindings={onBindings} />}
    </Dialog>
  );
}

/** Apart from the dialog: eighty texts are worked out only while somebody reads them, not with every stroke. */
function Keys({ bindings, onBindings }: { bindings: Bindings; onBindings: (b: Bindings) => void }) {
  const { t } = useTranslation();
  const [waiting, setWaiting] = useState<Command | null>(null);
  return (
    <>
      <p className="soft">{t("keys.intro")}</p>
      <ul className="keys">
        {(Object.keys(COMMANDS) as Command[]).map((c) => (
          <li key={c}>
            <span>{t(`command.${c}`)}</span>
            <button
              type="button"
              className="key-button"
              onClick={() => setWaiting(c)}
              onBlur={() => setWaiting(null)}
              onKeyDown={(e) => {
                if (waiting !== c || ["Shift", "Control", "Alt", "Meta", "Tab"].includes(e.key)) return;
                e.preventDefault();
                e.stopPropagation();
                if (e.key !== "Escape") onBindings(rebind(bindings, c, combo(e)));
                setWaiting(null);
              }}
            >
              <span className="sr-only">{t("keys.change", { command: t(`command.${c}`) })}</span>
              {waiting === c ? t("keys.press") : bindings[c].length > 0 ? bindings[c].map((k) => <kbd key={k}>{k}</kbd>) : t("keys.none")}
            </button>
          </li>
        ))}
      </ul>
      <p className="soft">{t("keys.fixed")}</p>
      <Button onClick={() => onBindings(COMMANDS)}>{t("keys.reset")}</Button>
    </>
  );
}
