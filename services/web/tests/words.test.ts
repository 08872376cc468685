import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";

const script = readFileSync("public/words.js", "utf8").replace("const FILES = {};", 'const FILES = {"de":"de-1.js","ar":"ar-2.js"};');

/** The address that the script asks for, with what a browser says of its reader. */
function asked(languages: string[], stored: string | null = null): string | undefined {
  const links: { href?: string }[] = [];
  runInNewContext(script, {
    localStorage: { getItem: () => stored },
    navigator: { languages },
    document: { createElement: () => ({}), head: { append: (link: object) => links.push(link) } },
  });
  return links[0]?.href;
}

describe("the words of the reader's language", () => {
  it("are asked for early, of the first language that there is", () => {
    expect(asked(["pl", "de-AT", "ar"])).toBe("/assets/de-1.js");
    expect(asked(["en-GB", "de"])).toBeUndefined();
    expect(asked(["pl"])).toBeUndefined();
  });

  it("are those that the reader chose here before", () => {
    expect(asked(["de"], "ar")).toBe("/assets/ar-2.js");
    expect(asked(["de"], "en")).toBeUndefined();
    expect(asked(["de"], "toString")).toBe("/assets/de-1.js");
  });
});
