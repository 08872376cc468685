import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BitMask, dice, popcount } from "~/lib/canvas/bitmask";
import { MaskDocument, rangeAt } from "~/lib/canvas/document";
import { History, diff, toggle } from "~/lib/canvas/history";
import { fillHoles, keepLargest, smooth } from "~/lib/canvas/morphology";
import { capsuleSpans } from "~/lib/canvas/shapes";
import { maskArbitrary, picture, show } from "./arbitrary";

describe("bit masks", () => {
  it("agree with one byte a pixel on spans, count and bounds", () => {
    fc.assert(
      fc.property(maskArbitrary(), (mask) => {
        const bytes = mask.toBytes();
        expect(mask.count()).toBe(bytes.reduce((a, b) => a + b, 0));
        expect(BitMask.fromBytes(mask.width, mask.height, bytes).equals(mask)).toBe(true);
        const box = mask.bounds();
        expect(box === null).toBe(mask.isEmpty());
        if (box) expect(mask.toBytes(box).reduce((a, b) => a + b, 0)).toBe(mask.count());
      }),
    );
  });

  it("never touch the padding", () => {
    const mask = new BitMask(33, 2);
    mask.fillSpan(0, -5, 900, true);
    expect(mask.count()).toBe(33);
    expect(mask.words[1]).toBe(1);
  });

  it("count bits", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffffff }), (v) => popcount(v) === v.toString(2).replaceAll("0", "").length));
  });

  it("call two empty masks the same", () => expect(dice(new BitMask(4, 4), new BitMask(4, 4))).toBe(1));
});

describe("areas", () => {
  it("follow every edit, undo and redo as counting would find them", () => {
    const at = fc.record({ x: fc.integer({ min: -5, max: 75 }), y: fc.integer({ min: -5, max: 45 }) });
    const step = fc.oneof(
      fc.record({ kind: fc.constant("stroke" as const), label: fc.integer({ min: 1, max: 2 }), a: at, b: at, erase: fc.boolean() }),
      fc.record({ kind: fc.constantFrom("undo" as const, "redo" as const, "smooth" as const, "clear" as const), label: fc.integer({ min: 1, max: 2 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const doc = new MaskDocument(70, 40, [1, 2]);
        for (const s of steps) {
          if (s.kind === "stroke") {
            doc.begin(s.label, { erase: s.erase });
            doc.extend(s.a, s.b, 4);
            doc.commit();
          } else if (s.kind === "smooth") doc.smooth(s.label);
          else if (s.kind === "clear") doc.clearLabel(s.label);
          else doc[s.kind]();
          for (const label of doc.labels) expect(doc.area(label)).toBe(doc.layer(label).count());
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("brush", () => {
  it("paints just the pixels whose centre lies within the radius of the path", () => {
    const point = fc.record({ x: fc.double({ min: -4, max: 44, noNaN: true }), y: fc.double({ min: -4, max: 34, noNaN: true }) });
    fc.assert(
      fc.property(point, point, fc.double({ min: 1, max: 9, noNaN: true }), (a, b, radius) => {
        const mask = new BitMask(40, 30);
        capsuleSpans(a, b, radius, (y, x0, x1) => mask.fillSpan(y, x0, x1, true));
        const wrong: string[] = [];
        for (let y = 0; y < 30; y++) {
          for (let x = 0; x < 40; x++) {
            const d = distance({ x: x + 0.5, y: y + 0.5 }, a, b);
            if (Math.abs(d - radius) > 1e-6 && mask.get(x, y) !== d < radius) wrong.push(`${x}, ${y}`);
          }
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("stays a dot where the path is shorter than numbers can tell", () => {
    const mask = new BitMask(40, 30);
    capsuleSpans({ x: 0, y: 0 }, { x: 5e-324, y: 5e-324 }, 9, (y, x0, x1) => mask.fillSpan(y, x0, x1, true));
    expect(mask.get(9, 0)).toBe(false);
    expect(mask.get(8, 0)).toBe(true);
    expect(mask.get(7, 7)).toBe(false);
  });

  it("of one pixel leaves an unbroken line", () => {
    const mask = new BitMask(20, 20);
    capsuleSpans({ x: 1.5, y: 1.5 }, { x: 17.2, y: 9.9 }, 0.5, (y, x0, x1) => mask.fillSpan(y, x0, x1, true));
    const alone = mask.clone();
    keepLargest(alone);
    expect(alone.equals(mask)).toBe(true);
    expect(mask.get(1, 1)).toBe(true);
    expect(mask.get(17, 9)).toBe(true);
  });
});

describe("undo", () => {
  it("turns a difference there and back", () => {
    fc.assert(
      fc.property(maskArbitrary(), fc.array(fc.tuple(fc.nat(39), fc.nat(70), fc.nat(70)), { maxLength: 6 }), (before, spans) => {
        const after = before.clone();
        for (const [y, a, b] of spans) after.fillSpan(y, a, b, (a + b) % 2 === 0);
        const delta = diff(1, before, after, { x0: 0, y0: 0, x1: before.width, y1: before.height });
        const back = after.clone();
        if (delta) toggle(back, delta);
        expect(back.equals(before)).toBe(true);
        expect(delta === null).toBe(before.equals(after));
      }),
    );
  });

  it("of any run of edits leads back to the start, and redo to the end", () => {
    const stroke = fc.record({
      label: fc.constantFrom(1, 2),
      erase: fc.boolean(),
      protect: fc.boolean(),
      x: fc.integer({ min: -5, max: 70 }),
      y: fc.integer({ min: -5, max: 50 }),
      r: fc.integer({ min: 1, max: 12 }),
      kind: fc.constantFrom("stroke", "holes", "largest", "smooth", "polygon", "clear"),
    });
    fc.assert(
      fc.property(fc.array(stroke, { maxLength: 12 }), (strokes) => {
        const doc = new MaskDocument(64, 48, [1, 2]);
        for (const s of strokes) {
          if (s.kind === "holes") doc.fillHoles(s.label);
          else if (s.kind === "largest") doc.keepLargest(s.label);
          else if (s.kind === "smooth") doc.smooth(s.label);
          else if (s.kind === "clear") doc.clearAll();
          else if (s.kind === "polygon") {
            doc.polygon(s.label, [{ x: s.x, y: s.y }, { x: s.x + 3 * s.r, y: s.y }, { x: s.x, y: s.y + 2 * s.r }], s);
          } else {
            doc.begin(s.label, s);
            doc.extend({ x: s.x, y: s.y }, { x: s.x + 9, y: s.y + 4 }, s.r);
            doc.commit();
          }
        }
        const end = [doc.layer(1).clone(), doc.layer(2).clone()];
        while (doc.undo());
        expect(doc.isEmpty()).toBe(true);
        while (doc.redo());
        expect(doc.layer(1).equals(end[0]!)).toBe(true);
        expect(doc.layer(2).equals(end[1]!)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("forgets the oldest edits past its budget and what was undone once something new is drawn", () => {
    const doc = new MaskDocument(64, 64, [1], new History(64));
    for (let i = 0; i < 20; i++) {
      doc.begin(1, { erase: false });
      doc.extend({ x: i * 3, y: 5 }, { x: i * 3, y: 5 }, 1.2);
      doc.commit();
    }
    let steps = 0;
    while (doc.undo()) steps++;
    expect(steps).toBeGreaterThan(0);
    expect(steps).toBeLessThan(20);
    doc.polygon(1, [{ x: 0, y: 40 }, { x: 60, y: 40 }, { x: 60, y: 60 }], { erase: false });
    expect(doc.canRedo).toBe(false);
  });

  it("takes back a stroke that became a pinch", () => {
    const doc = new MaskDocument(20, 20, [1]);
    doc.begin(1, { erase: false });
    doc.extend({ x: 5, y: 5 }, { x: 9, y: 9 }, 3);
    doc.cancel();
    expect(doc.isEmpty()).toBe(true);
    expect(doc.canUndo).toBe(false);
  });
});

describe("strokes", () => {
  it("leave protected labels alone", () => {
    const doc = new MaskDocument(40, 40, [1, 2]);
    doc.merge(2, picture(...Array.from({ length: 40 }, () => "#".repeat(20) + ".".repeat(20))), "add");
    doc.begin(1, { erase: false, protect: true });
    doc.extend({ x: 20, y: 20 }, { x: 20, y: 20 }, 10);
    doc.commit();
    const both = doc.layer(1).clone();
    both.and(doc.layer(2));
    expect(both.isEmpty()).toBe(true);
    expect(doc.layer(1).count()).toBeGreaterThan(100);
  });

  it("with a threshold paint only the greys in range", () => {
    const frame = { width: 10, height: 10, data: Uint8Array.from({ length: 100 }, (_, i) => (i % 10) * 20) };
    const doc = new MaskDocument(10, 10, [1]);
    doc.begin(1, { erase: false, range: { frame, low: 60, high: 120 } });
    doc.extend({ x: 5, y: 5 }, { x: 5, y: 5 }, 20);
    doc.commit();
    expect(show(doc.layer(1))).toEqual(Array.from({ length: 10 }, () => "...####..."));
  });

  it("know no label of another project", () => {
    expect(() => new MaskDocument(4, 4, [1]).begin(7, { erase: false })).toThrow("no label 7");
  });
});

describe("shape tools", () => {
  it("fill holes, but not bays", () => {
    const mask = picture("#####.", "#...#.", "#.#.#.", "#...#.", "#####.", "......");
    fillHoles(mask);
    expect(show(mask)).toEqual(["#####.", "#####.", "#####.", "#####.", "#####.", "......"]);
    const bay = picture("###", "#..", "###");
    fillHoles(bay);
    expect(show(bay)).toEqual(["###", "#..", "###"]);
  });

  it("keep the largest part, diagonals joined", () => {
    const mask = picture("#....##", ".#...##", "..#....", "......#");
    keepLargest(mask);
    expect(show(mask)).toEqual([".....##", ".....##", ".......", "......."]);
  });

  it("smooth away specks and change nothing of an empty mask", () => {
    const mask = new BitMask(30, 30);
    for (let y = 5; y < 25; y++) mask.fillSpan(y, 5, 25, true);
    mask.set(28, 2, true);
    smooth(mask);
    expect(mask.get(28, 2)).toBe(false);
    expect(mask.get(15, 15)).toBe(true);
    expect(mask.get(5, 12)).toBe(true);
    const empty = new BitMask(9, 9);
    smooth(empty);
    fillHoles(empty);
    keepLargest(empty);
    expect(empty.isEmpty()).toBe(true);
  });
});

function distance(p: { x: number; y: number }, a: { x: number; y: number }, b: { x: number; y: number }): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const l2 = dx * dx + dy * dy;
  const t = l2 === 0 ? 0 : Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / l2));
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

describe("masks of another slice", () => {
  it("are added to all their labels in one edit, which one undo takes back", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (a, b) => {
        const doc = new MaskDocument(10, 6, [1, 2]);
        doc.begin(1, { erase: false });
        doc.extend({ x: 2, y: 2 }, { x: 6, y: 2 }, 2);
        doc.commit();
        const before = [doc.layer(1).clone(), doc.layer(2).clone()];
        const [one, two] = [a, b].map((m) => BitMask.fromBytes(10, 6, m.map(Number)));
        const change = doc.mergeAll([{ label: 1, mask: one! }, { label: 2, mask: two! }, { label: 7, mask: one! }]);
        const wanted = before[0]!.clone();
        wanted.or(one!);
        expect(doc.layer(1).equals(wanted)).toBe(true);
        expect(doc.layer(2).equals(two!)).toBe(true);
        expect(doc.area(1)).toBe(wanted.count());
        expect(change === null).toBe(wanted.equals(before[0]!) && two!.isEmpty());
        if (change) doc.undo();
        expect(doc.layer(1).equals(before[0]!) && doc.layer(2).isEmpty()).toBe(true);
      }),
    );
  });
});

describe("the threshold brush", () => {
  it("takes the grey value under the place, or of the nearest pixel beside the frame", () => {
    const frame = { width: 3, height: 2, data: Uint8Array.from([0, 10, 20, 30, 40, 50]) };
    expect(rangeAt(frame, { x: 1.9, y: 0.2 }, 5)).toEqual({ frame, low: 5, high: 15 });
    expect(rangeAt(frame, { x: 99, y: -4 }, 0)).toMatchObject({ low: 20, high: 20 });
  });
});
