import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { number } from "~/lib/ui/format";
import type { Comparison } from "./compare";

/** What a comparison says, in kind words: first how close it is, then what to do better, last the distance. */
export function Words({ comparison }: { comparison: Comparison }) {
  const { t, i18n } = useTranslation();
  return (
    <>
      {sentences(comparison, t, i18n.language).map((s) => (
        <p key={s}>{s}</p>
      ))}
    </>
  );
}

export function sentences(c: Comparison, t: TFunction, language: string): string[] {
  if (c.reference === 0) return [c.mine === 0 ? t("feedback.rightlyEmpty") : t("feedback.notHere")];
  if (c.mine === 0) return [t("feedback.leftOut")];
  const said = [t(c.dice >= 0.9 ? "feedback.great" : c.dice >= 0.75 ? "feedback.good" : c.dice >= 0.5 ? "feedback.fair" : "feedback.poor")];
  if (c.missed === c.reference) said.push(t("feedback.elsewhere"));
  else {
    if (c.partMissed) said.push(t("feedback.partMissed", { side: t(`side.${c.partMissed}`) }));
    else if (c.missedAt) said.push(c.missedAt === "around" ? t("feedback.missedAround") : t("feedback.missedSide", { side: t(`side.${c.missedAt}`) }));
    if (c.extraAt) said.push(c.extraAt === "around" ? t("feedback.extraAround") : t("feedback.extraSide", { side: t(`side.${c.extraAt}`) }));
  }
  if (c.boundaryPx !== null) {
    const count = Math.round(c.boundaryPx * 10) / 10;
    const px = number(count, language, 1);
    said.push(c.boundaryMm === null ? t("feedback.distance", { count, px }) : t("feedback.distanceMm", { count, px, mm: number(c.boundaryMm, language, 1) }));
  }
  return said;
}
