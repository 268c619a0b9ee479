import type { Value } from "convex/values";
import { filePath, normalisePath, registeredAt } from "./address";
import type { Module } from "./loadModules";
import { reasonNotArguments } from "./valueLimits";

/**
 * Checks that a function may be scheduled, as the platform does at once.
 * @throws Error when there is no such function, or it does not take such arguments
 */
export function checkScheduled(
  modules: ReadonlyMap<string, Module>,
  udfPath: string,
  args: Value,
): void {
  const path = normalisePath(udfPath);
  const file = filePath(path).split(":", 1)[0] ?? "";
  const [module = "", name = ""] = path.split(":");
  if (!modules.has(module)) {
    throw new Error(`Attempted to schedule function at nonexistent path: ${file}`);
  }
  if (registeredAt(modules, path) === null) {
    throw new Error(
      `Attempted to schedule function, but no exported function ${name} found in the file: ` +
        `${file}. Did you forget to export it?`,
    );
  }
  checkArguments(path, args);
}

/**
 * Checks a call of one function by another.
 * @throws Error when there is no such function, or it does not take such arguments
 */
export function checkCalled(
  modules: ReadonlyMap<string, Module>,
  udfPath: string,
  args: Value,
): void {
  const path = normalisePath(udfPath);
  const [module = "", name = ""] = path.split(":");
  if (!modules.has(module)) {
    throw new Error(
      `Couldn't find JavaScript module '${module}.js'. Did you forget to run \`npx convex dev\`?`,
    );
  }
  if (registeredAt(modules, path) === null) {
    throw new Error(`Couldn't find "${name}" in module "${module}.js".`);
  }
  checkArguments(path, args);
}

function checkArguments(path: string, args: Value): void {
  const reason = reasonNotArguments(path, args);
  if (reason !== null) throw new Error(reason);
}
