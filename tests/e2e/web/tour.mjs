// Every page by name and address, for specs that look at all of them. Those that are reached by steps are in pages.spec.mjs.

/** The project with the most images: the demo's. */
export async function firstProject(page) {
  return page.evaluate(async () => {
    const { items } = await (await fetch("/api/v1/projects?limit=50")).json();
    return items.sort((a, b) => b.counts.images - a.counts.images)[0].id;
  });
}

/** A volunteer's pages apart from the canvas; the page must be that of somebody who has begun. */
export async function volunteerPages(page) {
  const project = await firstProject(page);
  return [["landing", "/"], ["projects", "/projects"], ["project", `/projects/${project}`], ["stats", "/me"], ["account", "/account"], ["missing", "/nowhere"], ["missing-project", "/projects/nope"]];
}

export async function labPages(page) {
  const project = await firstProject(page);
  const image = await page.evaluate(async (p) => (await (await fetch(`/api/v1/projects/${p}/images?limit=1`)).json()).items[0]?.id, project);
  const pages = [["lab", "/lab"], ["wizard", "/lab/new"], ["keys", "/lab/keys"], ["lab-overview", `/lab/${project}`]];
  for (const tab of ["images", "gold", "review", "raters", "jobs", "datasets", "members", "settings"]) pages.push([`lab-${tab}`, `/lab/${project}/${tab}`]);
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
