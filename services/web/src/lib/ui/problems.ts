import type { TFunction } from "i18next";
import type { ApiError } from "~/client/http";
import { within } from "./format";

/**
 * What a volunteer can be refused by, by the problem's code, and the sentence for it. Codes that aren't here say too little by
 * themselves ("invalid", "conflict"), or are met by labs and operators only: see `generalOf`.
 */
export const SENTENCES: Readonly<Record<string, string>> = {
  "lease-expired": "problem.leaseExpired",
  "lease-closed": "problem.leaseClosed",
  "lease-not-yours": "problem.leaseNotYours",
  "image-deleted": "problem.imageDeleted",
  "consensus-seen": "problem.consensusSeen",
  "client-key-reused": "problem.sentOtherwise",
  "mask-size": "problem.maskSize",
  "unknown-label": "problem.unknownLabel",
  "practice-first": "problem.practiceFirst",
  "no-fresh-practice": "again.none",
  "not-quarantined": "again.fine",
  "game-closed": "game.none",
  "game-done": "game.allSeen",
  "game-blinded": "game.notForLabs",
  "game-answered": "problem.gameAnswered",
  "round-void": "problem.roundVoid",
  "too-many-notes": "problem.tooManyNotes",
  "too-many-requests": "problem.tooMany",
  unauthenticated: "problem.unauthenticated",
  csrf: "problem.stalePage",
  "cross-site": "problem.stalePage",
  "wrong-credentials": "problem.wrongPassword",
  "email-taken": "problem.emailTaken",
  "not-an-email": "problem.notAnEmail",
  "password-too-short": "problem.passwordShort",
  "password-too-long": "problem.passwordLong",
  "password-guessable": "problem.passwordGuessable",
  "consent-version": "problem.consentChanged",
  "consent-needed": "problem.consentChanged",
};

/** The dictionary's key for what the server refused, with what goes into the sentence; null where the server's own words must do. */
export function sentenceOf({ code, status, retryAfter }: ApiError, language: string): { key: string; values: Record<string, string> } | null {
  // One code at the login, where the address may be what is wrong, and where only a password is asked for.
  if (code === "wrong-credentials" && status === 401) return { key: "problem.wrongLogin", values: {} };
  const key = Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : undefined;
  if (!key) return null;
  return { key, values: key === "problem.tooMany" ? { when: within(Math.max(1, retryAfter), language) } : {} };
}

const GENERAL: Readonly<Record<number, string>> = { 400: "error.invalid", 403: "error.forbidden", 404: "error.notFound", 409: "error.conflict", 410: "error.notFound", 413: "error.tooLarge", 415: "error.invalid", 422: "error.invalid", 507: "error.full" };

/** The dictionary's key for a refusal whose code has no sentence of its own, by its status: what kind of refusal it is. */
export const generalOf = ({ status }: ApiError): string => GENERAL[status] ?? "error.server";

/** The kind of a refusal in the reader's language, with the server's own words, which are English and say more; in English those alone. */
export function inWords(sentence: string, detail: string | undefined, { t, language }: { t: TFunction; language: string }): string {
  if (!detail) return sentence;
  return language === "en" ? detail : t("error.own", { sentence, detail });
}
