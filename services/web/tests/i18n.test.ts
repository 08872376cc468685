import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import i18next from "i18next";
import { describe, expect, it, vi } from "vitest";
import { setLanguage, startI18n } from "~/lib/i18n";
import { ar } from "~/lib/i18n/ar";
import { de } from "~/lib/i18n/de";
import { en } from "~/lib/i18n/en";
import { fr } from "~/lib/i18n/fr";

function flatten(node: object, prefix = ""): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [k, v] of Object.entries(node) as [string, unknown][]) {
    if (typeof v === "string") out[prefix + k] = v;
    else Object.assign(out, flatten(v as object, `${prefix}${k}.`));
  }
  return out;
}

const reference = flatten(en);
const PLURAL = /_(zero|one|two|few|many|other)$/;
const variables = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]!).sort();

function sources(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? sources(join(dir, e.name)) : /\.tsx?$/.test(e.name) && !dir.endsWith("i18n") ? [readFileSync(join(dir, e.name), "utf8")] : []));
}

/** The keys of English, with each counted sentence in all the forms that the language has. */
function wanted(language: string): string[] {
  // Of French the form for round millions is left out: nothing here is counted so high.
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.filter((c) => language !== "fr" || c !== "many");
  return [...new Set(Object.keys(reference).flatMap((key) => (key.endsWith("_other") ? forms.map((f) => key.replace(PLURAL, `_${f}`)) : [key])))].sort();
}

describe.each([
  ["de", de],
  ["fr", fr],
  ["ar", ar],
])("%s", (language, dictionary) => {
  const own = flatten(dictionary);
  it("has the keys of English in all forms of the language, no more and no fewer", () => {
    expect(Object.keys(own).sort()).toEqual(wanted(language));
  });
  it("keeps each sentence's variables and leaves none empty", () => {
    for (const [key, text] of Object.entries(own)) {
      expect(text.trim(), key).not.toBe("");
      const needed = variables(reference[key] ?? reference[key.replace(PLURAL, "_other")]!);
      // None, one and two may be words.
      const isWord = /_(zero|one|two)$/.test(key) && !variables(text).includes("count");
      expect(variables(text), key).toEqual(isWord ? needed.filter((v) => v !== "count") : needed);
    }
  });
  it("is a translation", () => {
    const same = Object.keys(own).filter((k) => own[k] === reference[k] && own[k]!.length > 24);
    expect(same).toEqual([]);
  });
});

describe("Arabic", () => {
  it("is written in Arabic letters, but for names that have no other", () => {
    const names = new Set(["method.staple", "format.coco", "format.nnunet", "format.huggingface"]);
    const other = Object.entries(flatten(ar)).filter(([key, text]) => !names.has(key) && !/^\{\{count\}\}$/.test(text) && !/[\u0600-\u06ff]/.test(text));
    expect(other).toEqual([]);
  });

  it("counts in its six forms, and says numbers in the digits of the reader's region", async () => {
    vi.stubGlobal("navigator", { languages: ["ar-EG", "en-GB"] });
    vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
    vi.stubGlobal("document", { documentElement: {} });
    await startI18n();
    expect(i18next.language).toBe("ar");
    expect(document.documentElement.dir).toBe("rtl");
    const said = [0, 1, 2, 3, 11, 100].map((count) => i18next.t("images.title", { count }));
    expect(said).toEqual(["لا صور", "صورة واحدة", "صورتان", "٣ صور", "١١ صورة", "١٠٠ صورة"]);
    expect(i18next.t("overview.quorum", { count: 2 })).toBe("تكتمل كل صورة مع إجابتين.");
    // A name of another direction is kept apart.
    expect(i18next.t("nav.account", { name: "Robin" })).toBe("حساب \u2068Robin\u2069");
    await setLanguage("en");
    expect(i18next.t("images.title", { count: 1234 })).toBe("1,234 images");
    vi.unstubAllGlobals();
  });
});

describe("the pages", () => {
  const text = sources("src").join("\n");
  // Every literal key, and for keys with a variable part at least one that it can become.
  const used = [...new Set([...text.matchAll(/\bt\(\s*(["`])([\w.${}[\]]+?)\1/g)].map((m) => m[2]!).filter((k) => k.includes(".")))];
  const known = new Set(Object.keys(reference).map((k) => k.replace(PLURAL, "")));
  it("use only keys that exist", () => {
    expect(used.length).toBeGreaterThan(200);
    const missing = used.filter((k) => {
      if (!k.includes("${")) return !known.has(k);
      const pattern = new RegExp(`^${k.replaceAll(".", "\\.").replace(/\$\{[^}]+\}/g, "\\w+")}$`);
      return ![...known].some((x) => pattern.test(x));
    });
    expect(missing).toEqual([]);
  });

  it("leave no key of the dictionary unused", () => {
    const patterns = used.map((k) => new RegExp(`^${k.replaceAll(".", "\\.").replace(/\$\{[^}]+\}/g, "\\w+")}$`));
    const literal = new Set([...text.matchAll(/"(\w+(?:\.\w+)+)"/g)].map((m) => m[1]!));
    const unused = [...known].filter((k) => !literal.has(k) && !patterns.some((p) => p.test(k)));
    expect(unused).toEqual([]);
  });
});
