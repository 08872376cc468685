import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { TFunction } from "i18next";
import { describe, expect, it } from "vitest";
import { ApiError } from "~/client/http";
import { SOURCES, mark, translation } from "~/features/account/consent";
import { en } from "~/lib/i18n/en";
import { SENTENCES, generalOf, inWords, sentenceOf } from "~/lib/ui/problems";

const ROOT = "../..";
const python = (dir: string): string[] => readdirSync(join(ROOT, dir), { withFileTypes: true, recursive: true }).filter((e) => e.isFile() && e.name.endsWith(".py")).map((e) => readFileSync(join(e.parentPath, e.name), "utf8"));
const codes = (sources: string[]): Set<string> => new Set(sources.flatMap((s) => [...s.matchAll(/\bcode="([\w-]+)"/g), ...s.matchAll(/^ {4}status, code, title(?:, retryable)? = \d+, "([\w-]+)"/gm)].map((m) => m[1]!)));
const refused = (code: string, status = 409, retryAfter = 0): ApiError => new ApiError(status, { code, detail: "In the server's words." }, retryAfter);

describe("what a volunteer is refused by", () => {
  it("is named by codes that the server gives", () => {
    const given = codes([...python("services/gateway"), ...python("services/annotations"), ...python("services/synthesis"), ...python("shared")]);
    expect(given.size).toBeGreaterThan(25);
    expect(Object.keys(SENTENCES).filter((c) => !given.has(c))).toEqual([]);
  });

  it("has a sentence for every code of leases, answers, practice, notes, the game, logins and limits, but for those of labs", () => {
    const rooms = ["services/annotations/domain/leases.py", "services/annotations/domain/answers.py", "services/annotations/api_rater.py", "services/annotations/store_submissions.py", "services/annotations/store_practice.py", "services/annotations/store_appeal.py", "services/annotations/store_notes.py", "services/synthesis/domain/game.py", "services/synthesis/game_api.py", "services/synthesis/game_store.py", "services/gateway/api_accounts.py", "services/gateway/domain/credentials.py", "services/gateway/middleware.py"];
    const met = [...codes(rooms.map((f) => readFileSync(join(ROOT, f), "utf8")))];
    expect(met.length).toBeGreaterThan(12);
    expect(met.filter((c) => !Object.hasOwn(SENTENCES, c))).toEqual([]);
  });

  it("is said by the code, where it says enough, and else in the server's words", () => {
    expect(sentenceOf(refused("lease-expired", 410), "de")).toEqual({ key: "problem.leaseExpired", values: {} });
    for (const code of ["invalid", "conflict", "", "toString"]) expect(sentenceOf(refused(code), "de"), code).toBeNull();
    for (const key of Object.values(SENTENCES)) expect(en, key).toHaveProperty(key);
  });

  it("is said by its kind in the reader's language where the code says too little, with the server's words", () => {
    const t = ((key: string, { sentence, detail }: Record<string, string>) => `${key}: ${sentence} | ${detail}`) as unknown as TFunction;
    const kinds = [400, 403, 404, 409, 410, 413, 415, 422, 500, 507].map((status) => generalOf(refused("invalid", status)));
    for (const key of kinds) expect(en, key).toHaveProperty(key);
    expect(new Set(kinds).size).toBe(7);
    expect(inWords("Nein.", "No, because.", { t, language: "de" })).toBe("error.own: Nein. | No, because.");
    expect(inWords("No.", "No, because.", { t, language: "en" })).toBe("No, because.");
    expect(inWords("Nein.", undefined, { t, language: "de" })).toBe("Nein.");
  });

  it("has words for every code by which a file is refused", () => {
    const codes = new Set(python("services/images").flatMap((s) => [...s.matchAll(/\bRejected\(\s*"([\w-]+)"/g)].map((m) => m[1]!)));
    expect(codes.size).toBeGreaterThan(20);
    expect([...codes].map((c) => c.replaceAll("-", "_")).sort()).toEqual(Object.keys(en.refusedFile).sort());
  });

  it("tells a wrong login from a wrong password", () => {
    expect(sentenceOf(refused("wrong-credentials", 401), "en")?.key).toBe("problem.wrongLogin");
    expect(sentenceOf(refused("wrong-credentials", 422), "en")?.key).toBe("problem.wrongPassword");
  });

  it("says when to try again in the language's own way", () => {
    const when = (seconds: number, language: string): string | undefined => sentenceOf(refused("too-many-requests", 429, seconds), language)?.values.when;
    expect(when(30, "en")).toBe("in 30 seconds");
    expect(when(1, "de")).toBe("in 1 Sekunde");
    expect(when(601, "fr")).toBe("dans 11 minutes");
    expect(when(7000, "de")).toBe("in 2 Stunden");
    expect(when(0, "en")).toBe("in 1 second");
    expect(when(120, "ar")).toMatch(/دقيقتين/);
  });
});

describe("the consent", () => {
  const source = readFileSync(join(ROOT, "services/gateway/consent.py"), "utf8");
  const version = /^CURRENT = "(.+)"/m.exec(source)![1]!;
  const text = new RegExp(`"${version}": """\\\\\\n([\\s\\S]*?)"""`).exec(source)![1]!;

  it("is translated from the text that the server gives", () => {
    expect(text).toContain("# Before you start");
    expect(SOURCES[version], "the consent has changed: translate it anew in src/features/account/consent, then renew its mark there").toBe(mark(text));
  });

  it.each(["de", "fr", "ar"])("has all its paragraphs in %s", async (language) => {
    const own = await translation(version, text, language);
    const shape = (markdown: string): string[] => markdown.trim().split(/\n\n/).map((p) => p.replace(/^(#|\*\*)?[\s\S]*/, "$1"));
    expect(shape(own!)).toEqual(shape(text));
    expect(own!.length).toBeGreaterThan(text.length * 0.6);
  });

  it("is the server's own where its text is another one, or the language is its own", async () => {
    expect(await translation(version, `${text} And one thing more.`, "de")).toBeNull();
    expect(await translation("1999-01", text, "de")).toBeNull();
    expect(await translation(version, text, "en")).toBeNull();
  });
});
