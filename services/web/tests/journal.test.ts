import { afterEach, describe, expect, it } from "vitest";
import { ApiError, OfflineError } from "~/client/http";
import type { Assignment, SubmissionResult } from "~/client/types";
import { MaskDocument } from "~/lib/canvas/document";
import { type Db, type QueueRecord, openJournal } from "~/lib/journal/db";
import { Journal } from "~/lib/journal/journal";
import { SubmitQueue, classify } from "~/lib/journal/queue";
import { Shelf } from "~/lib/journal/shelf";

let n = 0;
const open: Db[] = [];
async function db(): Promise<Db> {
  const d = await openJournal(`test-${n++}`);
  open.push(d);
  return d;
}
afterEach(() => {
  for (const d of open.splice(0)) d.close();
});

const assignment = (task = "t1", project = "p1"): Assignment => ({
  lease: { id: `l-${task}`, expires_at: "2030-01-01T00:00:00Z" },
  task: { id: task, project_id: project, image: { id: "i", project_id: project, height: 20, width: 40, channels: 1, group: "g", frame_index: 0, frames: 1, spacing: null, slice_mm: null, frame_url: "/f", thumbnail_url: "/t" } },
  draft: null,
});

function drawing(): MaskDocument {
  const doc = new MaskDocument(40, 20, [1, 2]);
  doc.begin(1, { erase: false });
  doc.extend({ x: 10, y: 10 }, { x: 20, y: 10 }, 4);
  doc.commit();
  return doc;
}

describe("the journal", () => {
  const progress = { activeMs: 1234, clicks: 3, proposalShown: true };

  it("brings a drawing back, with the time spent on it", async () => {
    const journal = new Journal(await db());
    const doc = drawing();
    await journal.save("rater", assignment(), doc, [1], progress, 1);
    const back = await journal.load("rater", "t1", { width: 40, height: 20 });
    expect(back?.masks.map((m) => m.label)).toEqual([1]);
    expect(back?.masks[0]?.mask.equals(doc.layer(1))).toBe(true);
    expect(back?.work).toMatchObject(progress);
  });

  it("never shows one person's drawing to another, nor one of another size", async () => {
    const journal = new Journal(await db());
    await journal.save("rater", assignment(), drawing(), [1], progress, 1);
    expect(await journal.load("someone else", "t1", { width: 40, height: 20 })).toBeNull();
    expect(await journal.load("rater", "t1", { width: 41, height: 20 })).toBeNull();
    await journal.remember("someone else", assignment(), 2);
    expect(await journal.load("rater", "t1", { width: 40, height: 20 })).toBeNull();
  });

  it("keeps a drawing when its task is handed out again under a new lease", async () => {
    const journal = new Journal(await db());
    await journal.save("rater", assignment(), drawing(), [1, 2], progress, 1);
    const again = { ...assignment(), lease: { id: "new", expires_at: "2031-01-01T00:00:00Z" } };
    await journal.remember("rater", again, 2);
    const back = await journal.load("rater", "t1", { width: 40, height: 20 });
    expect(back?.work.assignment.lease.id).toBe("new");
    expect(back?.masks).toHaveLength(2);
  });

  it("offers the newest work of a project, and none that was sent", async () => {
    const journal = new Journal(await db());
    await journal.save("rater", assignment("t1"), drawing(), [1], progress, 10);
    await journal.save("rater", assignment("t2"), drawing(), [1], progress, 20);
    await journal.save("rater", assignment("t3", "other"), drawing(), [1], progress, 30);
    expect((await journal.latest("rater", "p1"))?.task).toBe("t2");
    await journal.forget("t2");
    expect((await journal.latest("rater", "p1"))?.task).toBe("t1");
    expect(await journal.load("rater", "t2", { width: 40, height: 20 })).toBeNull();
  });
});

describe("the queue", () => {
  const record = (clientKey: string, createdAt = 1): Omit<QueueRecord, "attempts" | "state"> => ({
    clientKey, lease: `lease-${clientKey}`, task: `task-${clientKey}`, project: "p1", rater: "rater", createdAt,
    body: { client_key: clientKey, masks: [], nothing_here: true },
  });
  const result = (id: string): SubmissionResult => ({ submission_id: id, task_id: id, feedback: null, next_available: true });

  it("forgets what was acknowledged", async () => {
    const queue = new SubmitQueue(await db(), ({ body }) => Promise.resolve(result(body.client_key)));
    expect(await queue.submit(record("a"))).toEqual({ kind: "sent", result: result("a") });
    expect(await queue.all()).toEqual([]);
  });

  it("keeps twenty answers offline and sends each once, in order, also when flushed twice at once", async () => {
    let online = false;
    const sent: string[] = [];
    const queue = new SubmitQueue(await db(), async ({ body }) => {
      await new Promise((r) => setTimeout(r, 1));
      if (!online) throw new OfflineError("no line");
      sent.push(body.client_key);
      return result(body.client_key);
    });
    for (let i = 0; i < 20; i++) expect((await queue.submit(record(`k${String(i).padStart(2, "0")}`, i))).kind).toBe("waiting");
    expect(await queue.all("rater")).toHaveLength(20);
    online = true;
    await Promise.all([queue.flush("rater"), queue.flush("rater")]);
    expect(sent).toEqual(Array.from({ length: 20 }, (_, i) => `k${String(i).padStart(2, "0")}`));
    expect(await queue.all()).toEqual([]);
  });

  it("sends nobody else's answers", async () => {
    const sent: string[] = [];
    let online = false;
    const queue = new SubmitQueue(await db(), ({ body }) => (online ? (sent.push(body.client_key), Promise.resolve(result("x"))) : Promise.reject(new OfflineError("no line"))));
    await queue.submit(record("mine"));
    online = true;
    await queue.flush("someone else");
    expect(sent).toEqual([]);
    await queue.flush("rater");
    expect(sent).toEqual(["mine"]);
  });

  it("stops at the first that finds no server, and at none that was refused", async () => {
    const tried: string[] = [];
    const queue = new SubmitQueue(await db(), ({ body }) => {
      tried.push(body.client_key);
      if (body.client_key === "bad") return Promise.reject(new ApiError(422, { detail: "The mask has another size." }));
      return Promise.reject(new OfflineError("no line"));
    });
    expect(await queue.submit(record("bad", 1))).toMatchObject({ kind: "refused", error: { message: "The mask has another size." } });
    await queue.submit(record("b", 2));
    await queue.submit(record("c", 3));
    tried.length = 0;
    await queue.flush("rater");
    expect(tried).toEqual(["b"]);
  });

  const failures: [Error, string][] = [
    [new ApiError(410, { code: "lease-expired", detail: "gone" }), "expired"],
    [new ApiError(409, { code: "lease-closed", detail: "closed" }), "expired"],
    [new ApiError(403, { code: "lease-not-yours", detail: "not yours" }), "expired"],
    [new ApiError(422, { code: "invalid", detail: "bad mask" }), "refused"],
    [new ApiError(401, {}), "waiting"],
    [new ApiError(403, { code: "csrf", detail: "token" }), "waiting"],
    [new ApiError(429, {}), "waiting"],
    [new ApiError(503, {}), "waiting"],
    [new OfflineError("no line"), "waiting"],
  ];
  it.each(failures)("takes %s as %s", (error, kind) => {
    expect(classify(error).kind).toBe(kind);
  });
});

describe("what could not be sent", () => {
  const record = (clientKey: string): Omit<QueueRecord, "attempts" | "state"> => ({ clientKey, lease: "l", task: "t", project: "p1", rater: "rater", createdAt: 1, body: { client_key: clientKey, masks: [] } });

  it("is rescued once, told of, and leaves the queue", async () => {
    const rescued: string[] = [];
    const told: string[] = [];
    const queue = new SubmitQueue(await db(), () => Promise.reject(new ApiError(410, { code: "lease-expired", detail: "gone" })), (r) => (rescued.push(r.clientKey), Promise.resolve()));
    queue.onSettled((r, o) => told.push(`${r.clientKey} ${o.kind}`));
    expect(await queue.submit(record("a"))).toMatchObject({ kind: "expired", error: { message: "gone" } });
    await queue.flush("rater");
    expect(rescued).toEqual(["a"]);
    expect(told).toEqual(["a expired"]);
    expect(await queue.all()).toEqual([]);
  });

  it("stays on the device while the line keeps it from being rescued", async () => {
    let line = false;
    const queue = new SubmitQueue(
      await db(),
      () => Promise.reject(new ApiError(410, { code: "lease-expired", detail: "gone" })),
      () => (line ? Promise.resolve() : Promise.reject(new OfflineError("no line"))),
    );
    expect(await queue.submit(record("a"))).toEqual({ kind: "waiting" });
    expect((await queue.all()).map((r) => r.clientKey)).toEqual(["a"]);
    line = true;
    await queue.flush("rater");
    expect(await queue.all()).toEqual([]);
  });
});

describe("the shelf", () => {
  const shelfOf = async (fail = false): Promise<Shelf> =>
    new Shelf(await db(), {
      frame: (url) => (fail ? Promise.reject(new OfflineError("no line")) : Promise.resolve(new Blob([url], { type: "image/png" }))),
      proposals: () => Promise.resolve([]),
    });
  const none = new Set<string>();

  it("holds what the server leased, fetches it, and hands each task out once", async () => {
    const shelf = await shelfOf();
    await shelf.sync("rater", "p1", [assignment("a"), assignment("b"), assignment("c")], new Set(["a"]));
    expect(await shelf.ready("rater", "p1")).toEqual([]);
    await shelf.fetch("rater", "p1");
    expect((await shelf.ready("rater", "p1")).map((r) => r.task)).toEqual(["b", "c"]);
    const [one, two] = await Promise.all([shelf.take("rater", "p1", none), shelf.take("rater", "p1", none)]);
    expect([one?.task, two?.task]).toEqual(["b", "c"]);
    expect(await shelf.take("rater", "p1", none)).toBeNull();
    expect((await shelf.take("rater", "p1", none, true))?.task).toBe("b");
    expect(await (await shelf.frame(one!)).text()).toBe("/f");
  });

  it("keeps bytes over a sync, drops what the server no longer holds, and never what is at work", async () => {
    const shelf = await shelfOf();
    await shelf.sync("rater", "p1", [assignment("a"), assignment("b")], none);
    await shelf.fetch("rater", "p1");
    await shelf.take("rater", "p1", none);
    await shelf.sync("rater", "p1", [assignment("c")], new Set(["a"]));
    expect((await shelf.all("rater", "p1")).map((r) => [r.task, r.bytes !== null]).sort()).toEqual([["a", true], ["c", false]]);
    await shelf.sync("someone else", "p1", [], none);
    expect(await shelf.all("rater", "p1")).toEqual([]);
  });

  it("keeps its leases when the line goes while it fetches", async () => {
    const shelf = await shelfOf(true);
    await shelf.sync("rater", "p1", [assignment("a")], none);
    await expect(shelf.fetch("rater", "p1")).rejects.toBeInstanceOf(OfflineError);
    expect((await shelf.all("rater", "p1")).map((r) => r.task)).toEqual(["a"]);
  });
});
