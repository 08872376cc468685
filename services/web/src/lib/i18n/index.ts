import i18next, { type FormatterModule } from "i18next";
import { initReactI18next } from "react-i18next";
import { number } from "~/lib/ui/format";
import { en } from "./en";

export const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français", ar: "العربية" } as const;
export type Language = keyof typeof LANGUAGES;

const LOADERS: Record<Exclude<Language, "en">, () => Promise<object>> = {
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
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false, alwaysFormat: true },
  });
  await setLanguage(preferred(), false);
}

export async function setLanguage(language: Language, remember = true): Promise<void> {
  if (language !== "en" && !i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await LOADERS[language]());
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.documentElement.dir = i18next.dir(language);
  if (remember) localStorage.setItem(KEY, language);
}
