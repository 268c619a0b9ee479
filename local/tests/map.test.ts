import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SOURCE = fileURLToPath(new URL("../src/", import.meta.url));
const README = readFileSync(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8");

/** The names in the first column of the table under a folder's heading. */
function namedUnder(folder: string): string[] {
  const [, section = ""] = README.split(`\n\`src/${folder}\``);
  const [table = ""] = section.split(/\n`src\/|\n## /);
  return [...table.matchAll(/^\| (`.*?)\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  );
}

describe("README.md names", () => {
  it.each(["", "functions/", "sync/", "http/", "auth/"])("each module of src/%s", (folder) => {
    const modules = readdirSync(SOURCE + folder)
      .filter((name) => name.endsWith(".ts"))
      .map((name) => name.slice(0, -".ts".length));
    expect(namedUnder(folder).sort()).toEqual(modules.sort());
  });

  it("no module that is not there", () => {
    for (const [, path = ""] of README.matchAll(/`((?:functions|sync|http|auth)\/\w+)`/g)) {
      expect(existsSync(`${SOURCE}${path}.ts`), path).toBe(true);
    }
  });
});
