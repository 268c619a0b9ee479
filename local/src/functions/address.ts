import type { Module } from "./loadModules";
import { isRegistered, kindOf } from "./registered";
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

/** Why a client may not call this function as that kind; `null` when it may. The path is normalised. */
export function reasonNotCallable(
  modules: ReadonlyMap<string, Module>,
  path: string,
  kind: FunctionKind,
): string | null {
  const colon = path.lastIndexOf(":");
  const module = modules.get(path.slice(0, colon));
  const name = path.slice(colon + 1);
  const registered = module !== undefined && Object.hasOwn(module, name) ? module[name] : undefined;
  const actual = isRegistered(registered) ? kindOf(registered) : null;
  if (!isRegistered(registered) || registered.isPublic !== true || actual === null) {
    return (
      `Could not find public function for '${path}'. ` +
      "Did you forget to run `npx convex dev` or `npx convex deploy`?"
    );
  }
  if (actual === kind) return null;
  return `Trying to execute ${path} as ${title(kind)}, but it is defined as ${title(actual)}.`;
}

function title(kind: FunctionKind): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1);
}
