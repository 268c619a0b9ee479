import path from "node:path";
import { chromium, type Browser } from "playwright-core";
import { findExecutable } from "../../../../local/src/executables";

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
  const found = findExecutable(COMMANDS, (env["PATH"] ?? "").split(path.delimiter));
  if (found !== null) return found;
  throw new Error(
    "There is no Chromium. Install it (Debian and Ubuntu: `apt-get install chromium`), or set " +
      "CHROMIUM to the path of Chromium or Chrome.",
  );
}
