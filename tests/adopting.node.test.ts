import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import * as server from "../convex/transcription/server";
import packageJson from "../package.json";

const GUIDE = readFileSync("docs/adopting.md", "utf8");
const blocks = [...GUIDE.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
  ([, language = "", about = "", text = ""]) => ({ language, about, text }),
);
const snippets = blocks.flatMap(({ about, text }) =>
  about.startsWith("file=") ? [{ file: about.slice("file=".length), text }] : [],
);

const lines = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

describe("docs/adopting.md", () => {
  test.each(snippets)("$file is as the guide says, and run.sh runs it", ({ file, text }) => {
    let rest = lines(readFileSync(file, "utf8"));
    for (const line of lines(text)) {
      expect(rest).toContain(line);
      rest = rest.slice(rest.indexOf(line) + 1);
    }
  });

  test("shows every part of both apps that touches the package", () => {
    const files = new Set(snippets.map(({ file }) => path.basename(file)));
    for (const file of ["transcriptionJobs.ts", "schema.ts", "http.ts", "crons.ts", "notes.ts"]) {
      expect(files).toContain(file);
    }
    expect(blocks.filter(({ language }) => language === "ts").length).toBe(snippets.length);
  });

  test("imports what the package exports", () => {
    const imported = [
      ...GUIDE.matchAll(/import \{([^}]+)\} from "convex-transcription-jobs\/(\w+)"/g),
    ];
    expect(imported.length).toBeGreaterThan(5);
    for (const [, names = "", entry = ""] of imported) {
      expect(Object.keys(packageJson.exports)).toContain(`./${entry}`);
      if (entry !== "server") continue;
      for (const name of names.split(",")) expect(Object.keys(server)).toContain(name.trim());
    }
  });

  test("its export list is complete: all public functions and the two internal ones", () => {
    const all = Object.keys(server.defineTranscriptionJobs()).sort();
    const [, listed = ""] = /export const \{([^}]+)\} = defineTranscriptionJobs/.exec(GUIDE) ?? [];
    const names = listed.split(",").map((name) => name.trim());
    expect([...names, "createFor", "removeAllOf"].sort()).toEqual(all);
  });

  test("the upgrade from the copied form leaves an app's own files and nothing else", () => {
    const copied = [
      ..."auth.ts env.ts maintenance.ts wire/body.ts wire/parseUpdate.ts wire/timestamp.ts".split(
        " ",
      ),
      "wire/updateSchema.ts",
      ..."apiKeys applyUpdate decide errors jobs limits log pages retention stats status text ticket"
        .split(" ")
        .map((name) => `model/${name}.ts`),
      "model/transcript.ts",
      "model/validators.ts",
    ];
    const own = ["model/orders.ts", "notes.ts", "schema.ts", "http.ts", "crons.ts"];
    const folder = mkdtempSync(path.join(tmpdir(), "upgrade-"));
    try {
      for (const file of [...copied, ...own]) {
        mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
        writeFileSync(path.join(folder, file), "export {};\n");
      }
      const script = blocks.find(({ about }) => about === "upgrade")?.text ?? "exit 1";
      execFileSync("sh", ["-e", "-c", script], { cwd: folder });
      const left = readdirSync(folder, { recursive: true, withFileTypes: true });
      const files = left
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
      expect(files.sort()).toEqual(own.sort());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
