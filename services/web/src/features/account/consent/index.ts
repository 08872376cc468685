import { type Language, isLanguage } from "~/lib/i18n";

type Texts = Readonly<Record<string, string>>;

const LOADERS: Record<Exclude<Language, "en">, () => Promise<Texts>> = {
  de: () => import("./de").then((m) => m.de),
  fr: () => import("./fr").then((m) => m.fr),
  ar: () => import("./ar").then((m) => m.ar),
};

/** The English texts that the translations were made from, by version: their marks. A version that isn't here has no translation yet. */
export const SOURCES: Texts = { "2026-11-28": "416240ad" };

/** A mark of a text (FNV-1a, 32 bits, of its UTF-16 units): tells a text that was changed from the one that was translated. */
export function mark(text: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h.toString(16).padStart(8, "0");
}

/**
 * The consent of this version in this language (Markdown); null where there is none, or where the server's text isn't the one that was
 * translated: nobody shall agree to something else than what is recorded.
 */
export async function translation(version: string, text: string, language: string): Promise<string | null> {
  if (!isLanguage(language) || language === "en" || SOURCES[version] !== mark(text)) return null;
  return (await LOADERS[language]())[version] ?? null;
}
