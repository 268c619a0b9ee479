import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

/** What a page is built for. */
export interface BuildOptions {
  /** The deployment that the page connects to. */
  convexUrl: string;
  /** The worker's HTTP API; `null` where there is none. */
  apiUrl: string | null;
  /** Ends the build early. */
  signal?: AbortSignal;
  /** Takes Vite's warnings, line by line. */
  log: (line: string) => void;
}

/** The built files by their path in the address: `/index.html`, `/assets/…`. */
export type PageFiles = ReadonlyMap<string, Buffer>;

const FRONTEND = path.join(import.meta.dirname, "..");
const VITE = path.join(
  path.dirname(createRequire(import.meta.url).resolve("vite/package.json")),
  "bin/vite.js",
);

/**
 * Builds the page and leaves nothing on the disk. Vite runs as a program of its own: it reads and
 * sets `process.env`, which the embedded backend shares with its functions, and it can be ended.
 * @throws Error with Vite's words when the page cannot be built
 */
export async function buildPage(options: BuildOptions): Promise<PageFiles> {
  const folder = await mkdtemp(path.join(tmpdir(), "transcription-page-"));
  try {
    await runVite(folder, options);
    return await readFiles(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runVite(
  folder: string,
  { convexUrl, apiUrl, signal, log }: BuildOptions,
): Promise<void> {
  const args = ["build", "--configLoader", "runner", "--outDir", folder, "--emptyOutDir"];
  const child = spawn(process.execPath, [VITE, ...args, "--logLevel", "warn"], {
    cwd: FRONTEND,
    env: {
      ...process.env,
      NODE_ENV: "production",
      NO_COLOR: "1",
      VITE_CONVEX_URL: convexUrl,
      VITE_API_URL: apiUrl ?? "",
    },
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal !== undefined && { signal }),
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  let failure: Error | null = null;
  child.once("error", (error) => (failure = error));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  signal?.throwIfAborted();
  if (code !== 0) {
    throw new Error(`The page could not be built. ${output.trim()}`, { cause: failure });
  }
  for (const line of output.split("\n")) if (line.trim() !== "") log(line);
}

async function readFiles(folder: string): Promise<PageFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(
      names.map(async (name) => {
        const address = `/${path.relative(folder, name).split(path.sep).join("/")}`;
        return [address, await readFile(name)] as const;
      }),
    ),
  );
}
