import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { entryPoints } from "./entryPoints";

/** The files that a push takes besides the entry points. */
const CONFIGURATION = ["schema.ts", "auth.config.ts", "convex.config.ts"];

/** Leaves Node's own modules out of the bundle, so that the metafile names who imports them. */
const nodeBuiltins: Plugin = {
  name: "node-builtins",
  setup(build) {
    const names = new Set(builtinModules);
    build.onResolve({ filter: /.*/ }, ({ path: name }) =>
      name.startsWith("node:") || names.has(name) ? { path: name, external: true } : null,
    );
  },
};

/**
 * Bundles modules of the functions folder as the Convex CLI does (`innerEsbuild` in its
 * `bundler/debugBundle.ts`), but with the names and the syntax of the source: the figures are then an
 * upper bound, and do not move with the CLI's choices.
 *
 * @param files paths relative to `functionsDir`
 * @returns esbuild's account of what is in the bundle, with paths relative to the repository
 */
export async function bundleMetafile(functionsDir: string, files: string[]): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: path.dirname(functionsDir),
    entryPoints: files.map((file) => path.join(functionsDir, file)),
    bundle: true,
    platform: "browser",
    format: "esm",
    target: "esnext",
    jsx: "automatic",
    outdir: "out",
    outbase: functionsDir,
    conditions: ["convex", "module"],
    splitting: true,
    treeShaking: true,
    keepNames: true,
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [nodeBuiltins],
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  return metafile;
}

/** Every file that a push of the functions folder bundles, relative to it. */
export function deployedFiles(functionsDir: string): string[] {
  const configuration = CONFIGURATION.filter((file) => existsSync(path.join(functionsDir, file)));
  return [...entryPoints(functionsDir), ...configuration];
}

/** The deployed files that ask for Convex's Node.js runtime. */
export function nodeRuntimeFiles(functionsDir: string, files: string[]): string[] {
  return files.filter((file) =>
    /^\s*(["'])use node\1;?\s*$/m.test(readFileSync(path.join(functionsDir, file), "utf8")),
  );
}
