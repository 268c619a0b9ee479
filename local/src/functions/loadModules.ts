import { existsSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { withPlatformGlobals } from "./globals";

/** A loaded module's exports. */
export type Module = Readonly<Record<string, unknown>>;

/** The functions folder's modules by path without extension (`model/decide`), and its two settings files. */
export interface LoadedModules {
  functions: ReadonlyMap<string, Module>;
  schema: unknown;
  authConfig: unknown;
}

/**
 * Imports the files that `convex dev` would deploy: no `_generated`, no file with a second dot.
 * @throws Error when the folder is missing or a module fails to load
 */
export async function loadModules(functionsDir: string): Promise<LoadedModules> {
  if (!existsSync(functionsDir)) throw new Error(`There is no functions folder ${functionsDir}.`);
  const functions = new Map<string, Module>();
  for (const file of listFiles(functionsDir)) {
    const path = relative(functionsDir, file)
      .split(sep)
      .join("/")
      .replace(/\.\w+$/, "");
    if (path !== "schema") functions.set(path, await importFile(file));
  }
  return {
    functions,
    schema: await importDefault(functionsDir, "schema"),
    authConfig: await importDefault(functionsDir, "auth.config"),
  };
}

const MODULE_FILE = /^[^.#][^.]*\.[cm]?[jt]sx?$/;

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "_generated" ? [] : listFiles(path);
    return MODULE_FILE.test(entry.name) ? [path] : [];
  });
}

async function importDefault(folder: string, name: string): Promise<unknown> {
  const file = [".ts", ".js"].map((ext) => join(folder, name + ext)).find(existsSync);
  return file === undefined ? undefined : (await importFile(file))["default"];
}

async function importFile(file: string): Promise<Module> {
  return withPlatformGlobals(async () => (await import(pathToFileURL(file).href)) as Module);
}
