import type { Module } from "./loadModules";
import { isRegistered, kindOf, type RegisteredFunction } from "./registered";
import type { FunctionKind } from "./outcome";

/**
 * A function's path as convex-test takes it: `transcriptionJobs.js:get` is `transcriptionJobs:get`,
 * a module alone means its default export.
 */
export function normalisePath(udfPath: string): string {
  const colon = udfPath.lastIndexOf(":");
  const module = colon === -1 ? udfPath : udfPath.slice(0, colon);
  const name = colon === -1 ? "default" : udfPath.slice(colon + 1);
  return `${module.replace(/\.js$/, "")}:${name}`;
}

/** A normalised path as the platform names it where it says nothing about the file. */
export function shortPath(path: string): string {
  return path.replace(/:default$/, "");
}

/** A normalised path as the platform names it where it means the file, too: `notes.js:add`. */
export function filePath(path: string): string {
  return path.replace(":", ".js:");
}

/** Whether it can be the path of a function, there or not. */
export function isFunctionPath(udfPath: string): boolean {
  const [module = "", name = ""] = normalisePath(udfPath).split(":");
  return /^\w+(\/\w+)*$/.test(module) && /^[A-Za-z]\w*$/.test(name);
}

/** The function at a normalised path, public or not; `null` where there is none. */
export function registeredAt(
  modules: ReadonlyMap<string, Module>,
  path: string,
): RegisteredFunction | null {
  const colon = path.lastIndexOf(":");
  const module = modules.get(path.slice(0, colon));
  const name = path.slice(colon + 1);
  const registered = module !== undefined && Object.hasOwn(module, name) ? module[name] : undefined;
  return isRegistered(registered) && kindOf(registered) !== null ? registered : null;
}

/** The kind of the public function at a normalised path; `null` where clients find none. */
export function publicKindOf(
  modules: ReadonlyMap<string, Module>,
  path: string,
): FunctionKind | null {
  const registered = registeredAt(modules, path);
  return registered?.isPublic === true ? kindOf(registered) : null;
}

/** Why a client may not call this function as that kind; `null` when it may. The path is normalised. */
export function reasonNotCallable(
  modules: ReadonlyMap<string, Module>,
  path: string,
  kind: FunctionKind,
): string | null {
  const actual = publicKindOf(modules, path);
  if (actual === kind) return null;
  if (actual === null) return `Could not find public function for '${shortPath(path)}'.`;
  return `Trying to execute ${filePath(path)} as ${title(kind)}, but it is defined as ${title(actual)}.`;
}

function title(kind: FunctionKind): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}
