// Types of the API from docs/openapi.json. With --check: fails where the committed file is not what would be written.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const spec = new URL("../../../docs/openapi.json", import.meta.url);
const target = fileURLToPath(new URL("../src/client/schema.d.ts", import.meta.url));
if (!existsSync(spec)) {
  console.error("docs/openapi.json is not there; run `make openapi` first.");
  process.exit(1);
}
const text = `// Written by \`npm run gen:api\` from docs/openapi.json; never edited.\n${astToString(await openapiTS(spec))}`;
if (process.argv.includes("--check")) {
  const same = existsSync(target) && readFileSync(target, "utf8") === text;
  console.log(same ? "The API's types are those of docs/openapi.json." : "src/client/schema.d.ts differs from docs/openapi.json: run `npm run gen:api` and commit.");
  process.exit(same ? 0 : 1);
}
writeFileSync(target, text);
console.log(`wrote ${target}`);
