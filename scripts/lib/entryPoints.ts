import { readdirSync, readFileSync, existsSync } from "node:fs";
import path from "node:path";

/** The file endings that the Convex CLI takes as modules. */
const MODULE_EXTENSIONS = [".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".jsx"];

/**
 * Whether a file of the functions folder is deployed as a module, by the Convex CLI's own rules
 * (`entryPoints` in its `bundler/index.ts`).
 *
 * @param file path relative to the functions folder, with `/`
 * @param source the file's text
 */
export function isEntryPoint(file: string, source: string): boolean {
  const base = path.posix.basename(file);
  if (!MODULE_EXTENSIONS.some((extension) => file.endsWith(extension))) return false;
  if (file.startsWith("_generated/")) return false;
  if (base.startsWith(".") || base.startsWith("#")) return false;
  if (base === "schema.ts" || base === "schema.js") return false;
  // More than one dot: `auth.config.ts`, `x.test.ts`.
  if ((base.match(/\./g) ?? []).length > 1) return false;
  if (file.includes(" ")) return false;
  const isTypeScript = file.endsWith(".ts") || file.endsWith(".tsx");
  return !isTypeScript || /^\s{0,100}(import|export)/m.test(source);
}

/**
 * The modules that a push of `functionsDir` deploys: paths relative to it, with `/` and the file
 * ending, in the order in which the CLI lists them.
 */
export function entryPoints(functionsDir: string): string[] {
  return walk(functionsDir, "")
    .filter((file) => isEntryPoint(file, readFileSync(path.join(functionsDir, file), "utf8")))
    .sort();
}

function walk(root: string, folder: string): string[] {
  const files: string[] = [];
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const relative = path.posix.join(folder, entry.name);
    if (entry.isFile()) files.push(relative);
    if (entry.isDirectory() && !existsSync(path.join(root, relative, "convex.config.ts"))) {
      files.push(...walk(root, relative));
    }
  }
  return files;
}
