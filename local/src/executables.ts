import { accessSync, constants } from "node:fs";
import path from "node:path";

/** The first program of these names in these folders, names before folders; `null` without one. */
export function findExecutable(names: string[], folders: string[]): string | null {
  const programs = names.flatMap((name) =>
    folders.filter((folder) => folder !== "").map((folder) => path.join(folder, name)),
  );
  return programs.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
