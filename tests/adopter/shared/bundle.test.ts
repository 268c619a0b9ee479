// @vitest-environment node
import { readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import { build, type Metafile } from "esbuild";
import { beforeAll, expect, test } from "vitest";

const app = path.join(import.meta.dirname, "..");
const PACKAGE = "node_modules/convex-transcription-jobs/";
let bundled: Metafile;

/** Every file that Convex deploys: not what is generated, not what has two dots in its name. */
function entryPoints(): string[] {
  return readdirSync(path.join(app, "convex"), { recursive: true, encoding: "utf8" })
    .filter((file) => /^[^.]+\.tsx?$/.test(file) && !file.startsWith("_generated"))
    .map((file) => path.join(app, "convex", file));
}

beforeAll(async () => {
  // As the Convex CLI bundles for its default runtime.
  const { metafile } = await build({
    absWorkingDir: app,
    entryPoints: entryPoints(),
    bundle: true,
    platform: "browser",
    format: "esm",
    target: "esnext",
    jsx: "automatic",
    outdir: "out",
    outbase: "convex",
    conditions: ["convex", "module"],
    write: false,
    splitting: true,
    treeShaking: true,
    minifySyntax: true,
    minifyIdentifiers: true,
    keepNames: true,
    define: { "process.env.NODE_ENV": '"production"' },
    metafile: true,
    logLevel: "silent",
    external: ["server-only"],
  });
  bundled = metafile;
});

test("the whole app bundles without Node's modules", () => {
  const external = Object.values(bundled.outputs)
    .flatMap(({ imports }) => imports)
    .filter((imported) => imported.external)
    .map((imported) => imported.path);
  expect(external.filter((name) => name.startsWith("node:"))).toEqual([]);
  expect(external.filter((name) => builtinModules.includes(name))).toEqual([]);
});

test("the package brings nothing but convex, zod/v4/mini and its English", () => {
  const ours = Object.entries(bundled.inputs).filter(([file]) => file.includes(PACKAGE));
  expect(ours.length).toBeGreaterThan(0);
  const foreign = ours
    .flatMap(([, { imports }]) => imports)
    .filter((imported) => !imported.path.includes(PACKAGE))
    .map((imported) => imported.original ?? imported.path)
    .filter((name) => name !== "<runtime>");
  expect([...new Set(foreign)].sort()).toEqual([
    "convex/server",
    "convex/values",
    "zod/v4/locales/en.js",
    "zod/v4/mini",
  ]);
});

test("nothing of the package's test helper is deployed, and no dead weight", () => {
  const ours = Object.keys(bundled.inputs).filter((file) => file.includes(PACKAGE));
  expect(ours.filter((file) => /test|openapi|react/.test(file.split(PACKAGE)[1] ?? ""))).toEqual(
    [],
  );
});

test("a page that reads our types and guards loads neither zod nor the functions", async () => {
  const { metafile } = await build({
    absWorkingDir: app,
    entryPoints: ["src/Transcriptions.tsx"],
    bundle: true,
    format: "esm",
    jsx: "automatic",
    outdir: "out",
    write: false,
    minify: true,
    metafile: true,
  });
  const weights = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const bytes = (folder: string) =>
    weights
      .filter(([file]) => file.includes(folder))
      .reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
  expect(bytes("node_modules/zod/")).toBe(0);
  expect(bytes(PACKAGE)).toBeLessThan(2000);
});
