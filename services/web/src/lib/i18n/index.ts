import i18next, { type FormatterModule } from "i18next";
import { initReactI18next } from "react-i18next";
import { number } from "~/lib/ui/format";
import { first } from "./en.first";

export const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français", ar: "العربية" } as const;
export type Language = keyof typeof LANGUAGES;

/** English comes in two halves, so that the first page needn't wait for the words of all others. */
const LOADERS: Record<Language, () => Promise<object>> = {
  en: () => import("./en.more").then((m) => m.more),
  de: () => import("./de").then((m) => m.de),
  fr: () => import("./fr").then((m) => m.fr),
  ar: () => import("./ar").then((m) => m.ar),
};

const KEY = "bramble.language";

export function isLanguage(value: string | null | undefined): value is Language {
  return value !== null && value !== undefined && value in LANGUAGES;
}

function preferred(): Language {
  const stored = localStorage.getItem(KEY);
  if (isLanguage(stored)) return stored;
  for (const tag of navigator.languages) {
    const short = tag.slice(0, 2);
    if (isLanguage(short)) return short;
  }
  return "en";
}

/**
 * What goes into a sentence: a number in the reader's digits; in a sentence from right to left, words of another direction (a name, a path)
 * between marks that keep them from turning what stands around them.
 */
const formatter: FormatterModule = {
  type: "formatter",
  init: () => undefined,
  add: () => undefined,
  addCached: () => undefined,
  format: (value: unknown, _format, language = "en") => {
    if (typeof value === "number") return number(value, language, 2);
    if (typeof value === "string" && i18next.dir(language) === "rtl") return `\u2068${value}\u2069`;
    return value as string;
  },
};

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).use(formatter).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: first } },
    interpolation: { escapeValue: false, alwaysFormat: true },
  });
  await show(preferred());
}

const loaded = new Map<Language, Promise<void>>();

function load(language: Language): Promise<void> {
  const known = loaded.get(language);
  if (known) return known;
  const words = LOADERS[language]().then((bundle) => void i18next.addResourceBundle(language, "translation", bundle, true, true));
  loaded.set(language, words);
  // No line just now: the next one who asks tries again.
  words.catch(() => loaded.delete(language));
  return words;
}

/** The words of the pages behind the first ones, in the language at hand: those who load such a page wait for them too. */
export const moreWords = (): Promise<void> => load(isLanguage(i18next.language) ? i18next.language : "en");

async function show(language: Language): Promise<void> {
  // English alone can begin with half of its words.
  if (language !== "en") await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.documentElement.dir = i18next.dir(language);
}

/** Changes the language of all pages. Rejects where its words can't be loaded; the language then stays. */
export async function setLanguage(language: Language, remember = true): Promise<void> {
  await load(language);
  await show(language);
  if (remember) localStorage.setItem(KEY, language);
}
