import { useTranslation } from "react-i18next";
import { Button } from "~/lib/ui/kit";
import { STEPS, type Step } from "./tutorial";

/** One thing to try at a time, over the picture. */
export function Coach({ step, onNext, onEnd }: { step: Step; onNext: () => void; onEnd: () => void }) {
  const { t } = useTranslation();
  const at = STEPS.indexOf(step);
  return (
    <section className="coach" aria-label={t("tutorial.title")}>
      <div role="status">
        <h2>{t(`tutorial.${step}.title`)}</h2>
        <p>{t(`tutorial.${step}.text`)}</p>
      </div>
      <div className="coach-foot">
        <ol className="coach-dots" aria-label={t("tutorial.step", { n: at + 1, total: STEPS.length })}>
          {STEPS.map((s, i) => (
            <li key={s} data-state={i < at ? "done" : i === at ? "now" : "open"} />
          ))}
        </ol>
        {step !== "finish" && (
          <Button variant={step === "look" ? "primary" : "quiet"} onClick={onNext}>
            {step === "look" ? t("tutorial.gotIt") : t("tutorial.leaveOut")}
          </Button>
        )}
        <Button variant="quiet" onClick={onEnd}>
          {t("tutorial.end")}
        </Button>
      </div>
    </section>
  );
}
