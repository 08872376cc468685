// Every page by name and address, for specs that look at all of them. Those that are reached by steps are in pages.spec.mjs.
import { makeProject } from "./harness.mjs";

/** The project with the most images: the demo's. */
export async function firstProject(page) {
  return page.evaluate(async () => {
    const { items } = await (await fetch("/api/v1/projects?limit=50")).json();
    return items.sort((a, b) => b.counts.images - a.counts.images)[0].id;
  });
}

/**
 * A project, and a member of it, with the longest names that the platform takes, in one word each, so that nothing can be broken at a space.
 * The page must be logged in as a lab. Answers the project's id and the person's address and password.
 */
export async function makeLongest(page) {
  const word = (n) => "Wm".repeat(n / 2);
  const id = await makeProject(page, { name: word(200), labels: [word(80), "b".repeat(80)], images: 3, group: word(200) });
  const person = { email: `${word(64)}.${Math.random().toString(36).slice(2, 10)}@${"example-".repeat(7)}org.example`.replace(/^.{9}/, "").toLowerCase(), password: "seventeen brown hares" };
  await page.evaluate(
    async ({ id, person, word }) => {
      const { csrf_token } = await (await fetch("/api/v1/auth/me")).json();
      const ask = async (method, path, body, headers = {}) => {
        const answer = await fetch(`/api/v1${path}`, { method, credentials: Object.keys(headers).length ? "include" : "omit", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
        return answer.json();
      };
      const asLab = { "X-CSRF-Token": csrf_token };
      const { version } = await (await fetch("/api/v1/consent")).json();
      await ask("POST", "/auth/register", { ...person, display_name: word.slice(0, 80), consent_version: version });
      await ask("POST", `/projects/${id}/members`, { email: person.email, role: "volunteer" }, asLab);
      await ask("PATCH", `/projects/${id}`, { summary: word, instructions: `# ${word}\n\n${word}\n\n- ${word}\n\n\`${word}\``, outcomes: word }, asLab);
      await ask("POST", "/keys", { name: word.slice(0, 80), scopes: ["read"] }, asLab);
    },
    { id, person, word: word(200) },
  );
  return { project: id, person };
}

/** A volunteer's pages apart from the canvas; the page must be that of somebody who has begun. */
export async function volunteerPages(page, project) {
  project ??= await firstProject(page);
  return [["landing", "/"], ["projects", "/projects"], ["project", `/projects/${project}`], ["game", `/projects/${project}/game`], ["stats", "/me"], ["account", "/account"], ["missing", "/nowhere"], ["missing-project", "/projects/nope"]];
}

export async function labPages(page, project) {
  project ??= await firstProject(page);
  const image = await page.evaluate(async (p) => (await (await fetch(`/api/v1/projects/${p}/images?limit=1`)).json()).items[0]?.id, project);
  const pages = [["lab", "/lab"], ["wizard", "/lab/new"], ["keys", "/lab/keys"], ["lab-overview", `/lab/${project}`]];
  for (const tab of ["images", "guide", "gold", "review", "notes", "raters", "jobs", "datasets", "members", "settings"]) pages.push([`lab-${tab}`, `/lab/${project}/${tab}`]);
  if (image) pages.push(["lab-image", `/lab/${project}/images/${image}`], ["lab-gold-editor", `/lab/${project}/gold/${image}`]);
  return pages;
}

export const operatorPages = () => [["operator-users", "/operator"], ["operator-dead-letters", "/operator/dead-letters"], ["operator-audit", "/operator/audit"]];

/** Goes to a page and waits until nothing on it is still being fetched. */
export async function visit(page, path) {
  await page.goto(path);
  await page.locator("h1, .empty-title, [role=application]").first().waitFor();
  await page.locator(".loading").first().waitFor({ state: "detached" });
  await page.waitForLoadState("networkidle");
}
