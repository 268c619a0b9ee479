import { accessSync, constants } from "node:fs";
import path from "node:path";
import { chromium, type Browser } from "playwright-core";

const COMMANDS = ["chromium", "chromium-browser", "google-chrome"];

/**
 * Starts the system's Chromium without a window.
 * @throws Error that says what to install where there is none
 */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: findChromium(process.env),
    args: [
      "--disable-background-networking",
      // Chromium refuses to run its sandbox as root, as CI does.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
}

/** The program in `CHROMIUM`, else the first of its usual names on the PATH. */
export function findChromium(env: NodeJS.ProcessEnv): string {
  const chosen = env["CHROMIUM"] ?? "";
  if (chosen !== "") return chosen;
  const folders = (env["PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  const programs = COMMANDS.flatMap((name) => folders.map((folder) => path.join(folder, name)));
  const found = programs.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    "There is no Chromium. Install it (Debian and Ubuntu: `apt-get install chromium`), or set " +
      "CHROMIUM to the path of Chromium or Chrome.",
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
