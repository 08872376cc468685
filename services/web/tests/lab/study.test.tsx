// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import i18next from "i18next";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { StudyComparison, StudyFound, StudyWorth } from "~/client/types";
import { Found, StudyResult } from "~/features/lab/StudyResult";
import { gain, sizes, worthWords } from "~/features/lab/study";
import { LANGUAGES, type Language, moreWords, setLanguage, startI18n } from "~/lib/i18n";

const labels: StudyWorth = { base: 16, what: "volunteers' labels", asked: 100, images: 33.3, now: 56, gain: 0.0309, low: 0.012, high: 0.05, verdict: "worth it", minutes: 150, each: null, each_low: null, each_high: null, predicted: 0.8709, measured: 0.88 };
const synthetic: StudyWorth = { ...labels, what: "synthetic images", asked: 96, images: 96, gain: -0.002, low: -0.006, high: 0.003, verdict: "stop", minutes: null, each: 0.25, each_low: -0.1, each_high: 0.6 };
const row: StudyComparison = { base: 16, measure: "dice", arm: "crowd", baseline: "base", value: 0.88, baseline_value: 0.8, mean: 0.08, relative: 0.1, relative_low: 0.0801, relative_high: 0.1249, verdict: "helped" };
const rows: StudyComparison[] = [
  row,
  { ...row, measure: "iou", verdict: "hurt" },
  { ...row, arm: "augmented", verdict: "can't be told" },
  { ...row, arm: "crowd_shuffled", verdict: "hurt" },
  { ...row, arm: "crowd_shuffled", baseline: "crowd", verdict: "hurt" },
  { ...row, arm: "a_later_arm" },
];
const found = (parts: object): StudyFound => parts as StudyFound;
const words = (of: StudyWorth): string => worthWords(of, i18next.t, i18next.language).replace(/[\u2068\u2069]/g, "").replaceAll("\u00a0", " ");

beforeAll(() => startI18n().then(moreWords));
beforeEach(() => setLanguage("en", false));
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("the sizes of the base set", () => {
  it.each<[string, number[] | null]>([
    ["16", [16]],
    [" 32, 8 ,16;8 ", [8, 16, 32]],
    ["٨، ۱۶", [8, 16]],
    ["", null],
    [",", null],
    ["1, 8", null],
    ["8.5", null],
    ["-8", null],
    ["8 x", null],
    ["12345678", null],
  ])("%j", (text, expected) => expect(sizes(text)).toEqual(expected));
});

describe("what more would bring", () => {
  it("is said of labels with their cost, and of synthetic images with their worth in labelled ones", () => {
    expect(words(labels)).toBe("The next 100 answers by volunteers are expected to bring +0.031 Dice (95 %: +0.012 to +0.050) on top of 56 images. They make about 33 labelled images. They cost about 150 minutes of people's time. Checked on the last size: 0.871 was predicted from the ones before, 0.880 was measured.");
    expect(words(synthetic)).toBe("The next 96 synthetic images are expected to bring -0.002 Dice (95 %: -0.006 to +0.003) on top of 56 images. One synthetic image did as much as +0.25 labelled ones (-0.10 to +0.60). Checked on the last size: 0.871 was predicted from the ones before, 0.880 was measured.");
  });

  it("names no time where none is known, and no images where each answer is one", () => {
    const said = words({ ...labels, minutes: null, images: 100 });
    expect(said).not.toContain("minute");
    expect(said).not.toContain("They make");
  });

  it("is said in the other languages with their own digits", async () => {
    await setLanguage("de", false);
    expect(words(labels)).toContain("+0,031 Dice zu erwarten (95 %: +0,012 bis +0,050), zusätzlich zu 56 Bildern. Sie ergeben etwa 33 markierte Bilder. Sie kosten Menschen etwa 150 Minuten.");
    await setLanguage("fr", false);
    expect(words(labels)).toContain("Les 100 prochaines réponses de bénévoles devraient apporter +0,031 de Dice");
    vi.stubGlobal("navigator", { languages: ["ar-EG"] });
    await setLanguage("ar", false);
    const said = words(labels);
    for (const number of ["١٠٠ إجابة", "٣٣ صورة", "١٥٠ دقيقة", "٠٫٠٣١", "٠٫٨٧١"]) expect(said).toContain(number);
    expect(said).not.toMatch(/\d/);
  });
});

describe("a gain", () => {
  it("is relative with its interval", () => expect(gain(row, i18next.t, "en")).toBe("+10.0% (+8.0% to +12.5%)"));
  it("is in Dice where the baseline found nothing, or the share couldn't be computed", () => {
    expect(gain({ ...row, baseline_value: 0, relative: 8e7 }, i18next.t, "en")).toBe("+0.080 Dice");
    expect(gain({ ...row, relative_high: null }, i18next.t, "en")).toBe("+0.080 Dice");
  });
});

describe("a study's result", () => {
  it("shows Dice only, each arm in words with its verdict, the generator's part apart", () => {
    render(<Found job="j1" found={found({ comparisons: rows, worth: [labels, synthetic], notes: [], report_key: "k" })} />);
    const [all, apart] = screen.getAllByRole("table").map((table) => within(table).getAllByRole("row").slice(1).map((r) => r.textContent));
    expect(all).toEqual([
      "Own and volunteers' imagesHelped+10.0% (+8.0% to +12.5%)0.880",
      "Own images, augmentedCan't be told+10.0% (+8.0% to +12.5%)0.880",
      "Own, volunteers' and synthetic images, the latter's masks swapped (control)Hurt+10.0% (+8.0% to +12.5%)0.880",
      "a_later_armHelped+10.0% (+8.0% to +12.5%)0.880",
    ]);
    expect(apart).toHaveLength(1);
    const more = within(screen.getByRole("list", { name: "What more would bring" })).getAllByRole("listitem");
    expect(more.map((li) => li.querySelector(".badge")?.textContent)).toEqual(["Worth it", "Stop"]);
    expect(screen.getByRole("link", { name: "Report (HTML)" }).getAttribute("href")).toBe("/api/v1/jobs/j1/report");
    expect(screen.queryByText(/had to be left out/)).toBeNull();
  });

  it("says what it lacks: comparisons, sizes, a report", () => {
    render(<Found job="j1" found={found({ comparisons: [], notes: ["crowd: left out, no consensus"] })} />);
    for (const said of [/Nothing could be compared/, /can't be said/, /had to be left out/]) expect(screen.getByText(said)).toBeTruthy();
    expect(screen.queryByRole("link")).toBeNull();
    expect(screen.queryByRole("table")).toBeNull();
  });

  it("is fetched when it is opened, and once", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", (url: string) => (asked.push(url), Promise.resolve(Response.json({ id: "j1", result: { comparisons: rows, worth: [], notes: [], report_key: "" } }))));
    const page = (open: boolean) => <QueryClientProvider client={client}><StudyResult job="j1" open={open} /></QueryClientProvider>;
    const client = new QueryClient();
    const { container } = render(page(false));
    expect(asked).toEqual([]);
    const details = container.querySelector("details")!;
    details.open = true;
    fireEvent(details, new Event("toggle"));
    expect(await screen.findAllByRole("table")).toHaveLength(2);
    fireEvent(details, new Event("toggle"));
    expect(asked).toEqual(["/api/v1/jobs/j1"]);
  });

  it("names its columns in every cell, for screens where rows are blocks", () => {
    render(<Found job="j1" found={found({ comparisons: rows.slice(0, 1), notes: [] })} />);
    const [head, first] = within(screen.getByRole("table")).getAllByRole("row");
    const columns = within(head!).getAllByRole("columnheader").map((h) => h.textContent);
    expect(within(first!).getAllByRole("cell").map((c) => c.getAttribute("data-head"))).toEqual(columns.slice(1));
    expect(within(first!).getByRole("rowheader").textContent).toBe("Own and volunteers' images");
  });

  it.each(Object.keys(LANGUAGES) as Language[])("has words for everything in %s", async (language) => {
    await setLanguage(language, false);
    const { container } = render(<Found job="j1" found={found({ comparisons: rows.slice(0, -1), worth: [labels, synthetic], notes: ["n"], report_key: "k" })} />);
    expect(container.textContent).not.toMatch(/study\.|verdict\.|arm\.|undefined|NaN|\{\{/);
  });
});
