import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button, Notice } from "~/lib/ui/kit";
import { type Spell, breakAfter, isDue, worked } from "./calm";

// One spell for the whole visit: the next image must not begin it anew.
let spell: Spell | null = null;

/** Says once that a while has passed, over the picture and without taking anything away. */
export function BreakReminder() {
  const { t } = useTranslation();
  const [due, setDue] = useState(false);
  const [minutes] = useState(breakAfter);
  useEffect(() => {
    const note = (): void => {
      spell = worked(spell, Date.now());
      if (isDue(spell, minutes)) setDue(true);
    };
    // Pointer and keys are what work is made of; moves of the mouse come by the hundred and say nothing more.
    window.addEventListener("pointerdown", note, { passive: true });
    window.addEventListener("keydown", note, { passive: true });
    return () => {
      window.removeEventListener("pointerdown", note);
      window.removeEventListener("keydown", note);
    };
  }, [minutes]);
  if (!due) return null;
  return (
    <Notice>
      <p>{t("calm.break", { count: minutes })}</p>
      <Button
        variant="quiet"
        onClick={() => {
          spell = null;
          setDue(false);
        }}
      >
        {t("calm.thanks")}
      </Button>
    </Notice>
  );
}
