import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
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

describe.each([
  ["de", de],
  ["fr", fr],
])("%s", (_, dictionary) => {
  const own = flatten(dictionary);
  it("has the keys of English, no more and no fewer", () => {
    expect(Object.keys(own).sort()).toEqual(Object.keys(reference).sort());
  });
  it("keeps each sentence's variables and leaves none empty", () => {
    for (const [key, text] of Object.entries(own)) {
      expect(text.trim(), key).not.toBe("");
      expect(variables(text), key).toEqual(variables(reference[key]!));
    }
  });
  it("is a translation", () => {
    const same = Object.keys(own).filter((k) => own[k] === reference[k] && own[k]!.length > 24);
    expect(same).toEqual([]);
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
