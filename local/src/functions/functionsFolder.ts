import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { isJSONObject, parseJSON } from "../json";

/**
 * The functions folder that a folder is, or that the project in it has: its `convex/`, or what its
 * `convex.json` names instead.
 * @throws Error that says what to do when there is none
 */
export function functionsFolder(folder: string): string {
  if (!isFolder(folder)) {
    throw new Error(
      `There is no functions folder ${folder}. Name the folder of your Convex functions, or the ` +
        "project that holds it, with --functions.",
    );
  }
  const named = namedInSettings(path.join(folder, "convex.json"));
  const inProject = path.join(folder, named ?? "convex");
  if (named !== null && !isFolder(inProject)) {
    throw new Error(`convex.json names the functions folder ${inProject}, which is not there.`);
  }
  if (named !== null || (!isFunctionsFolder(folder) && isFolder(inProject))) return inProject;
  if (!isFunctionsFolder(folder) && existsSync(path.join(folder, "package.json"))) {
    throw new Error(
      `${folder} is a project without Convex functions: it has no folder convex/. ` +
        "Run `npx convex dev` there, or name another folder with --functions.",
    );
  }
  return folder;
}

function isFunctionsFolder(folder: string): boolean {
  return ["_generated", "schema.ts", "schema.js"].some((name) =>
    existsSync(path.join(folder, name)),
  );
}

function namedInSettings(file: string): string | null {
  if (!existsSync(file)) return null;
  const settings = parseJSON(readFileSync(file, "utf8"));
  const named = isJSONObject(settings) ? settings["functions"] : undefined;
  return typeof named === "string" ? named : null;
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}
