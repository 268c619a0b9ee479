import { existsSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { functionsFolder } from "./functionsFolder";
import { withPlatformGlobals } from "./globals";
import { isRegistered } from "./registered";

/** A loaded module's exports. */
export type Module = Readonly<Record<string, unknown>>;

/** The functions folder's modules by path without extension (`model/decide`), and its settings files. */
export interface LoadedModules {
  folder: string;
  functions: ReadonlyMap<string, Module>;
  schema: unknown;
  authConfig: unknown;
  /** It has a `convex.config.ts`, whose components do not run here. */
  hasComponents: boolean;
}

const MODULE_FILE = /^[^.#][^. ]*\.[cm]?[jt]sx?$/;
const NOT_FUNCTIONS = new Set(["_generated", "node_modules"]);

/**
 * Imports the files that `convex dev` would deploy: no `_generated`, no file with a second dot. The
 * folder may be the project's, too.
 * @throws Error that says what to do when there are none, or one fails to load
 */
export async function loadModules(functionsDir: string): Promise<LoadedModules> {
  const folder = functionsFolder(functionsDir);
  const functions = new Map<string, Module>();
  for (const file of listFiles(folder)) {
    const path = relative(folder, file)
      .split(sep)
      .join("/")
      .replace(/\.\w+$/, "");
    if (path !== "schema") functions.set(path, await importFile(file));
  }
  if (![...functions].some(([path, module]) => hasFunctions(path, module))) {
    throw new Error(
      `${folder} has no Convex functions: none of its files exports a query, a mutation or an ` +
        "action, and there is no http.ts. Name another folder with --functions.",
    );
  }
  return {
    folder,
    functions,
    schema: await importDefault(folder, "schema"),
    authConfig: await importDefault(folder, "auth.config"),
    hasComponents: settingsFile(folder, "convex.config") !== undefined,
  };
}

function hasFunctions(path: string, module: Module): boolean {
  return path === "http" || Object.values(module).some(isRegistered);
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (MODULE_FILE.test(entry.name) && !entry.isDirectory()) return [path];
    if (!entry.isDirectory() || NOT_FUNCTIONS.has(entry.name) || entry.name.startsWith(".")) {
      return [];
    }
    // A component's folder is deployed as such, not as functions of the app.
    return settingsFile(path, "convex.config") === undefined ? listFiles(path) : [];
  });
}

async function importDefault(folder: string, name: string): Promise<unknown> {
  const file = settingsFile(folder, name);
  return file === undefined ? undefined : (await importFile(file))["default"];
}

function settingsFile(folder: string, name: string): string | undefined {
  return [".ts", ".js"].map((extension) => join(folder, name + extension)).find(existsSync);
}

async function importFile(file: string): Promise<Module> {
  try {
    return await withPlatformGlobals(
      async () => (await import(pathToFileURL(file).href)) as Module,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const cure = reason.includes("_generated")
      ? " Run `npx convex codegen` in its project first: it writes the folder _generated."
      : "";
    throw new Error(`${file} could not be loaded: ${reason}${cure}`, { cause: error });
  }
}
