import { afterEach, describe, expect, it } from "vitest";
import { OfflineError } from "~/client/http";
import type { Assignment } from "~/client/types";
import { MaskDocument } from "~/lib/canvas/document";
import { type Db, openJournal } from "~/lib/journal/db";
import { Journal } from "~/lib/journal/journal";
import { leaveDevice } from "~/lib/journal/leave";
import { drawnOn, keepDrawn } from "~/lib/journal/drawn";
import { Shelf } from "~/lib/journal/shelf";

let db: Db | null = null;
let n = 0;
afterEach(() => db?.close());

const assignment = (task: string): Assignment => ({
  lease: { id: `l-${task}`, expires_at: "2030-01-01T00:00:00Z" },
  task: { id: task, project_id: "p1", image: { id: "i", project_id: "p1", height: 20, width: 40, channels: 1, group: "g", frame_index: 0, frames: 1, spacing: null, slice_mm: null, frame_url: "/f", thumbnail_url: "/t" } },
  draft: null,
});

async function device(): Promise<Db> {
  db = await openJournal(`leave-${n++}`);
  const opened = db;
  const shelf = new Shelf(opened, { frame: () => Promise.resolve(new Blob(["x"])), proposals: () => Promise.resolve([]) });
  const journal = new Journal(opened);
  await shelf.sync("rater", "p1", ["drawn", "opened", "ahead1", "ahead2", "answered"].map(assignment), new Set());
  await opened.put("kept", { key: "me", value: { id: "rater" } });
  const doc = new MaskDocument(40, 20, [1]);
  doc.begin(1, { erase: false });
  doc.extend({ x: 5, y: 5 }, { x: 9, y: 5 }, 3);
  doc.commit();
  await journal.save("rater", assignment("drawn"), doc, [1], { activeMs: 0, clicks: 1, proposalShown: false }, 1);
  await journal.remember("rater", assignment("opened"), 2);
  await opened.put("queue", { clientKey: "k", lease: "l-answered", task: "answered", project: "p1", rater: "rater", body: { client_key: "k", masks: [] }, createdAt: 1, attempts: 0, state: "waiting" });
  await opened.put("ahead", { task: "hers", project: "p1", rater: "somebody else", assignment: assignment("hers"), bytes: null, type: "", proposals: null, taken: false, order: 9 });
  return opened;
}

describe("leaving a shared device", () => {
  it("gives back what nobody has begun, and only one's own", async () => {
    const opened = await device();
    const given: string[] = [];
    await leaveDevice("rater", (lease) => Promise.resolve(given.push(lease)), () => Promise.resolve(given.push("out")), () => Promise.resolve(opened));
    expect(given.pop(), "while the session still allows it").toBe("out");
    expect(given.sort()).toEqual(["l-ahead1", "l-ahead2", "l-opened"]);
    expect(await opened.getAll("ahead")).toEqual([]);
    expect(await opened.getAll("kept")).toEqual([]);
    // The drawing and the answer on its way are still here, for whoever made them.
    expect((await opened.getAll("work")).map((w) => w.task)).toEqual(["drawn"]);
    expect(await new Journal(opened).load("rater", "drawn", { width: 40, height: 20 })).not.toBeNull();
    expect(await opened.count("queue")).toBe(1);
  });

  it("leaves everything as it is where the line is gone", async () => {
    const opened = await device();
    const away = (): Promise<never> => Promise.reject(new OfflineError("away"));
    await expect(leaveDevice("rater", away, away, () => Promise.resolve(opened))).rejects.toThrow(OfflineError);
    expect(await opened.count("ahead")).toBe(6);
    expect(await opened.count("kept")).toBe(1);
    expect(await opened.count("work")).toBe(2);
  });

  it("logs out where a lease can't be given back, or the browser keeps nothing", async () => {
    const opened = await device();
    let out = 0;
    const logout = (): Promise<number> => Promise.resolve(out++);
    await leaveDevice("rater", () => Promise.reject(new Error("410")), logout, () => Promise.resolve(opened));
    expect(await opened.count("ahead")).toBe(0);
    await leaveDevice("rater", () => Promise.resolve(), logout, () => Promise.reject(new Error("private window")));
    expect(out).toBe(2);
  });
});

describe("what was answered to the slice beside", () => {
  const masks = (label_id: number) => [{ label_id, rle: { size: [20, 40] as [number, number], counts: "P>" } }];
  it("is there for its rater only, not for a nothing-here, and never grows past its bound", async () => {
    const opened = await openJournal(`drawn-${n++}`);
    db = opened;
    const open = (): Promise<Db> => Promise.resolve(opened);
    await keepDrawn("rater", "image-0", masks(1), 0, open);
    await keepDrawn("rater", "empty", [], 1, open);
    expect(await drawnOn("rater", "image-0", open)).toEqual(masks(1));
    expect(await drawnOn("somebody else", "image-0", open)).toBeNull();
    expect(await drawnOn("rater", "empty", open)).toBeNull();
    for (let i = 1; i <= 70; i++) await keepDrawn("rater", `image-${i}`, masks(i), i + 1, open);
    expect(await opened.count("drawn")).toBe(60);
    expect(await drawnOn("rater", "image-0", open)).toBeNull();
    expect(await drawnOn("rater", "image-70", open)).toEqual(masks(70));
    // A browser that keeps nothing.
    const none = (): Promise<Db> => Promise.reject(new Error("private window"));
    await keepDrawn("rater", "x", masks(1), 1, none);
    expect(await drawnOn("rater", "x", none)).toBeNull();
  });
});
