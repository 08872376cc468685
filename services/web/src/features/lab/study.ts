import type { TFunction } from "i18next";
import type { StudyComparison, StudyWorth } from "~/client/types";
import { fixed, number, signed, signedPercent } from "~/lib/ui/format";
import type { Tone } from "~/lib/ui/kit";

/** The server's words for a verdict, as keys of the dictionaries. */
const VERDICTS: Record<string, { key: string; tone: Tone }> = {
  helped: { key: "helped", tone: "good" },
  hurt: { key: "hurt", tone: "bad" },
  "worth it": { key: "worth", tone: "good" },
  stop: { key: "stop", tone: "warn" },
};

export function verdict(word: string): { key: string; tone: Tone } {
  return VERDICTS[word] ?? { key: "unclear", tone: "info" };
}

/** "8, 16, 32" as numbers, each once and in order; null where something else stands there. Also in Arabic and Persian digits. */
export function sizes(text: string): number[] | null {
  const plain = text.replace(/[٠-٩۰-۹]/g, (d) => String(d.charCodeAt(0) & 15));
  const words = plain.split(/[\s,;،]+/).filter(Boolean);
  if (words.length === 0 || words.some((w) => !/^\d{1,6}$/.test(w))) return null;
  const found = [...new Set(words.map(Number))].sort((a, b) => a - b);
  return found[0]! < 2 ? null : found;
}

/** The gain of an arm relative to its baseline with its interval; in Dice where the baseline found nothing, as a share of nothing says nothing. */
export function gain(row: StudyComparison, t: TFunction, language: string): string {
  if (row.relative === null || row.relative_low === null || row.relative_high === null || row.baseline_value < 0.01) return t("study.plain", { gain: signed(row.mean, language, 3) });
  return t("study.gain", { gain: signedPercent(row.relative, language), low: signedPercent(row.relative_low, language), high: signedPercent(row.relative_high, language) });
}

/** What the next labels or synthetic images are expected to bring, in sentences. Their verdict stands beside them. */
export function worthWords(row: StudyWorth, t: TFunction, language: string): string {
  const told = { count: row.asked, gain: signed(row.gain, language, 3), low: signed(row.low, language, 3), high: signed(row.high, language, 3), now: number(row.now, language) };
  const synthetic = row.what === "synthetic images";
  const said = [synthetic ? t("study.synthetic", told) : t("study.labels", told)];
  if (!synthetic && Math.round(row.images) !== row.asked) said.push(t("study.images", { count: Math.round(row.images) }));
  if (row.minutes) said.push(t("study.cost", { count: Math.round(row.minutes) }));
  if (row.each !== null && row.each_low !== null && row.each_high !== null) {
    said.push(t("study.each", { each: signed(row.each, language, 2), low: signed(row.each_low, language, 2), high: signed(row.each_high, language, 2) }));
  }
  said.push(t("study.check", { predicted: fixed(row.predicted, language, 3), measured: fixed(row.measured, language, 3) }));
  return said.join(" ");
}
