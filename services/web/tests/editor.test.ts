import { describe, expect, it } from "vitest";
import { COMMANDS, type Command, combo, commandFor, loadBindings, rebind } from "~/lib/editor/commands";
import { readPrefs, stepSize } from "~/lib/editor/prefs";
import { bytes, labelColour, percent, short } from "~/lib/ui/format";
import { summary } from "~/features/lab/Datasets";
import { heat } from "~/lib/ui/picture";
import { worstFirst } from "~/features/lab/Review";
import { sum } from "~/features/lab/Upload";

const key = (k: string, mods: Partial<Record<"ctrlKey" | "shiftKey" | "metaKey" | "altKey", boolean>> = {}) => ({ key: k, ctrlKey: false, shiftKey: false, metaKey: false, altKey: false, ...mods });

describe("keys", () => {
  it.each([
    [key("b"), "brush"],
    [key("B"), "brush"],
    [key("z", { ctrlKey: true }), "undo"],
    [key("z", { metaKey: true }), "undo"],
    [key("Z", { ctrlKey: true, shiftKey: true }), "redo"],
    [key("y", { ctrlKey: true }), "redo"],
    [key("Enter", { ctrlKey: true }), "submit"],
    [key("?", { shiftKey: true }), "help"],
    [key("+", { shiftKey: true }), "zoomIn"],
    [key("="), "fit"],
    [key("["), "smaller"],
  ])("%o means %s", (event, command) => {
    expect(commandFor(COMMANDS, combo(event))).toBe(command);
  });

  it("never means two things", () => {
    const all = Object.values(COMMANDS).flat();
    expect(new Set(all).size).toBe(all.length);
    let bindings = loadBindings("{}");
    for (const c of Object.keys(COMMANDS) as Command[]) bindings = rebind(bindings, c, "q");
    expect(Object.values(bindings).flat().filter((k) => k === "q")).toEqual(["q"]);
    expect(commandFor(bindings, "q")).toBe("help");
  });

  it("survive settings that cannot be read", () => {
    expect(loadBindings("{oops")).toEqual(COMMANDS);
    expect(loadBindings('{"brush": 7}').brush).toEqual(["b"]);
    expect(loadBindings('{"brush": ["q"]}').brush).toEqual(["q"]);
    expect(readPrefs("nonsense").size).toBe(12);
  });

  it("size the brush within bounds, reaching each end", () => {
    let size = 12;
    for (let i = 0; i < 200; i++) size = stepSize(size, 1);
    expect(size).toBe(200);
    for (let i = 0; i < 200; i++) size = stepSize(size, -1);
    expect(size).toBe(1);
  });
});

describe("words and numbers", () => {
  it("follow the language", () => {
    expect(percent(0.876, "en")).toBe("88%");
    expect(percent(0.876, "de")).toMatch(/^88\s%$/);
    expect(bytes(2_500_000, "en")).toContain("2.5");
    expect(short("019a9e2c-7b1e-7c3a-9d2f-0c5a1b2c3d4e")).toBe("019a…2c3d4e");
  });

  it("give every label a colour", () => {
    expect(labelColour({ id: 3, color: "#123456" })).toBe("#123456");
    expect(labelColour({ id: 300, color: null })).toMatch(/^#/);
    expect(labelColour({ id: 1, color: "red; background: url(x)" })).toMatch(/^#[0-9a-f]{6}$/);
  });

  it("sum a ZIP's results up, reasons of the refused with their names", () => {
    const words = (r: { code?: string | null }): string => `in words: ${r.code}`;
    expect(sum([{ name: "a.png", status: "rejected", code: "truncated", reason: "cut off", image_ids: [] }], words)).toEqual({ state: "rejected", reason: "in words: truncated" });
    expect(sum([{ name: "a.png", status: "stored", image_ids: ["1"] }, { name: "b.png", status: "rejected", code: "truncated", image_ids: [] }], words)).toEqual({ state: "stored", reason: "b.png: in words: truncated" });
    expect(sum([{ name: "a.png", status: "duplicate", image_ids: ["1"] }], words).state).toBe("duplicate");
  });

  it("sort the review by disagreement, one entry an image", () => {
    const row = (image_id: string, agreement: number, status: "review" | "accepted") => ({ image_id, agreement, status, label_id: 1, predicted_dice: null, raters: 3, method: "m", version: 1, updated_at: "" });
    expect(worstFirst([row("a", 0.6, "review"), row("b", 0.3, "review"), row("a", 0.2, "review"), row("c", 0.1, "accepted")]).map((q) => q.image)).toEqual(["a", "b"]);
  });

  it("count a dataset's items and rise in lightness with probability", () => {
    expect(summary({ consensus: 4, by_split: { train: 2 }, synthetic: 3 })).toBe("consensus 4, synthetic 3");
    const light = [0, 0.25, 0.5, 0.75, 1].map((v) => heat(v).reduce((a, c, i) => a + c * [0.21, 0.72, 0.07][i]!, 0));
    for (let i = 1; i < light.length; i++) expect(light[i]!).toBeGreaterThan(light[i - 1]!);
  });
});
