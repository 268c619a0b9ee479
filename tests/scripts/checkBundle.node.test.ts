import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleMetafile, deployedFiles, nodeRuntimeFiles } from "../../scripts/lib/bundle";
import {
  BUNDLE_LIMITS,
  bundlePart,
  bundleSize,
  importProblems,
  sizeProblems,
  sizeTable,
} from "../../scripts/lib/bundleReport";

test.each([
  ["convex/http.ts", "functions"],
  ["convex/transcription/model/status.ts", "functions"],
  ["node_modules/convex/dist/esm/server/index.js", "convex"],
  ["../node_modules/zod/v4/mini/index.js", "zod"],
  ["node_modules/zod/node_modules/left-pad/index.js", "other"],
  ["node_modules/convex-test/dist/index.js", "other"],
  ["node_modules/@convex-dev/x/index.js", "other"],
  ["scripts/convex/x.ts", "other"],
  ["tests/support/x.ts", "other"],
])("%s belongs to: %s", (file, part) => {
  expect(bundlePart(file)).toBe(part);
});

describe("size", () => {
  const parts = { functions: 1024, convex: 2048, zod: BUNDLE_LIMITS.zod - 1, other: 0 };

  test("just under the limits", () => {
    expect(sizeProblems({ parts, total: BUNDLE_LIMITS.total - 1 })).toEqual([]);
  });

  test("at the limits", () => {
    const size = { parts: { ...parts, zod: BUNDLE_LIMITS.zod }, total: BUNDLE_LIMITS.total };
    expect(sizeProblems(size)).toEqual([
      expect.stringMatching(/zod's share is 64\.0 KiB.*zod\/v4\/mini/),
      expect.stringMatching(/http\.ts weighs 160\.0 KiB/),
    ]);
  });

  test("the table is aligned", () => {
    expect(sizeTable({ parts, total: 100_000 })).toEqual([
      "convex/ (ours)      1.0 KiB",
      "convex (package)    2.0 KiB",
      "zod                64.0 KiB  (limit 64.0 KiB)",
      "other               0.0 KiB",
      "total              97.7 KiB  (limit 160.0 KiB)",
    ]);
  });
});

describe("a functions folder", () => {
  let root: string;
  let functionsDir: string;
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  const problems = async (): Promise<string[]> =>
    importProblems(await bundleMetafile(functionsDir, deployedFiles(functionsDir)));

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "bundle-"));
    functionsDir = path.join(root, "convex");
    symlinkSync(
      path.resolve(import.meta.dirname, "../../node_modules"),
      path.join(root, "node_modules"),
    );
    write("convex/http.ts", 'import { help } from "./help";\nexport default class { help = help }');
    write("convex/help.ts", 'import { v } from "convex/values";\nexport const help = v.string();');
    write("convex/help.test.ts", 'import "vitest";');
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  test("functions and the package convex are allowed, tests with two dots are left out", async () => {
    expect(await problems()).toEqual([]);
  });

  test("sizes are counted for the entry point alone, by part", async () => {
    write("convex/unused.ts", `export const x = ${JSON.stringify("x".repeat(50_000))};`);
    const { parts, total } = bundleSize(await bundleMetafile(functionsDir, ["http.ts"]));
    expect(parts.functions).toBeGreaterThan(20);
    expect(parts.functions).toBeLessThan(1_000);
    expect(parts.convex).toBeGreaterThan(5_000);
    expect(parts.zod).toBe(0);
    expect(total).toBeGreaterThanOrEqual(parts.functions + parts.convex);
  });

  test.each([
    ["node:fs", 'import { readFileSync } from "node:fs";\nexport const x = readFileSync;'],
    ["crypto", 'export const x = async () => await import("crypto");'],
    ["fast-check", 'export { assert } from "fast-check";'],
    ["convex-test", 'export { convexTest } from "convex-test";'],
    ["../tests/support", 'export { x } from "../tests/support";'],
  ])("%s is reported with its importer", async (name, source) => {
    write("tests/support.ts", "export const x = 1;");
    write("convex/model/bad.ts", source.replace("../tests", "../../tests"));
    const found = await problems();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^convex\/model\/bad\.ts imports /);
    expect(found[0]).toContain(name);
  });

  test("auth.config.ts is deployed too", async () => {
    write("convex/auth.config.ts", 'import os from "node:os";\nexport default os;');
    expect(await problems()).toEqual([
      "convex/auth.config.ts imports node:os: not for a deployment.",
    ]);
  });

  test('"use node" is found', () => {
    write("convex/act.ts", '"use node";\nexport const x = 1;');
    expect(nodeRuntimeFiles(functionsDir, deployedFiles(functionsDir))).toEqual(["act.ts"]);
  });
});
