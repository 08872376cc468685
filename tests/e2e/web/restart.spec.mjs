// The server killed and started again in the middle of somebody's work. The platform is this spec's own: BRAMBLE_PYTHON names the
// Python that has Bramble installed; without it the repository's virtual environment is taken.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, it } from "node:test";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PYTHON = process.env.BRAMBLE_PYTHON ?? join(ROOT, ".venv/bin/python");
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port: free } = probe.address();
    probe.close(() => resolve(free));
  });
});
process.env.BRAMBLE_URL = `http://127.0.0.1:${port}`;
const { becomes, beginDrawing, launch, logIn, makeProject, openContext, painted, sendsAnswer, startAsGuest, stroke, submissions } = await import("./harness.mjs");

const folder = mkdtempSync(join(tmpdir(), "bramble-restart-"));
const env = { ...process.env, BRAMBLE_DATA_DIR: folder, BRAMBLE_PORT: String(port), BRAMBLE_RATE_LIMITS: "false", OMP_NUM_THREADS: "1" };
delete env.BRAMBLE_URL;
let server;
let browser;
let project;

async function start() {
  const log = openSync(join(folder, "log"), "a");
  const child = spawn(PYTHON, ["-m", "services.cli.main", "up"], { cwd: ROOT, env, stdio: ["ignore", log, log] });
  server = { child, gone: new Promise((resolve) => child.once("exit", resolve)) };
  const alive = async () => {
    if (child.exitCode !== null) throw new Error(`the platform ended:\n${readFileSync(join(folder, "log"), "utf8").slice(-3000)}`);
    return fetch(`${process.env.BRAMBLE_URL}/readyz`).then((r) => r.ok, () => false);
  };
  await becomes(alive, true, "the platform's readiness", 90_000);
}

async function kill(signal = "SIGKILL") {
  server.child.kill(signal);
  await server.gone;
}

before(async () => {
  await start();
  const made = spawnSync(PYTHON, ["-c", "import sys; from services.cli.demo.platform import make_accounts; make_accounts(sys.argv[1])", folder], { cwd: ROOT, env, encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  browser = await launch();
  const { context, page } = await openContext(browser);
  await logIn(page, "lab");
  project = await makeProject(page, { name: "Restart", images: 12, quorum: 1 });
  await context.close();
});
after(async () => {
  await browser?.close();
  if (server) await kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

describe("a server that dies in the middle of the work", () => {
  it("costs neither the drawing nor the answer, and the answer arrives once", async () => {
    const { context, page, problems } = await openContext(browser);
    await startAsGuest(page);
    await page.goto(`/projects/${project}/label`);
    await beginDrawing(page);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => null));
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    // Two more images lie ready on the device.
    const ready = () => page.evaluate((p) => new Promise((resolve, reject) => {
      const open = indexedDB.open("bramble");
      open.onerror = () => reject(open.error);
      open.onsuccess = () => {
        const all = open.result.transaction("ahead").objectStore("ahead").index("project").getAll(p);
        all.onsuccess = () => (open.result.close(), resolve(all.result.filter((a) => !a.taken && a.bytes).length));
      };
    }), project);
    await becomes(ready, (n) => n >= 2, "the images ahead", 30_000);
    await stroke(page, [0.4, 0.4], [0.6, 0.5]);
    await becomes(() => painted(page), (n) => n > 50, "the first stroke");

    // The worst moment: the answer has arrived, and the server dies before it can say so.
    let arrived = 0;
    await page.route("**/submissions", async (route) => {
      const answer = await route.fetch();
      if (answer.ok()) arrived++;
      await kill();
      await route.abort();
    }, { times: 1 });
    await sendsAnswer(page);
    await becomes(() => arrived, 1, "the answers that arrived");
    await page.getByText("1 answer waits for a connection").waitFor();

    // Work goes on without a server, also after a reload.
    await page.getByRole("application").waitFor();
    await stroke(page, [0.4, 0.6], [0.6, 0.6]);
    const drawn = await becomes(() => painted(page), (n) => n > 50, "the stroke without a server");
    const kept = () => page.evaluate(() => new Promise((resolve) => {
      const open = indexedDB.open("bramble");
      open.onsuccess = () => {
        const all = open.result.transaction("layers").objectStore("layers").getAll();
        all.onsuccess = () => (open.result.close(), resolve(all.result.filter((l) => l.words.some((w) => w !== 0)).length));
      };
    }));
    await becomes(kept, 1, "the layers in the journal");
    await page.reload();
    await page.getByText("Your drawing from before is back.").waitFor();
    await becomes(() => painted(page), drawn, "the drawing after a reload without a server");
    await sendsAnswer(page);
    await page.getByText("2 answers wait for a connection").waitFor();

    await start();
    await page.getByText("for a connection").waitFor({ state: "detached", timeout: 60_000 });
    await becomes(() => submissions(page), 2, "the answers on the server");
    const images = await page.evaluate(async (p) => (await (await fetch(`/api/v1/me/work?limit=50&project_id=${p}`)).json()).items.map((w) => w.image.id), project);
    assert.equal(images.length, 2);
    assert.equal(new Set(images).size, 2, "one answer an image");
    // And the next image is handed out as before.
    await page.getByRole("application").waitFor();
    await stroke(page, [0.4, 0.4], [0.6, 0.5]);
    await sendsAnswer(page);
    await becomes(() => submissions(page), 3, "the answers on the server");
    assert.deepEqual(problems, []);
    await context.close();
  });
});
