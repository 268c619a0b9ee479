import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { INSTALL_WORKER } from "./findWorker";

/** A started worker. */
export interface Worker {
  /** Where its HTTP API is. */
  url: string;
  pid: number;
  /**
   * Ends it. What it has stored is removed, unless `dataDir` was given: the jobs that it belongs to
   * are gone, too.
   */
  stop(): Promise<void>;
}

/** How to start a worker. */
export interface WorkerOptions {
  /** `transcription-worker`, as `findWorker` found it. */
  command: string;
  /** Where the HTTP API listens; 0 for any free port. */
  port: number;
  /** The backend that it reports to. */
  convexUrl: string;
  siteUrl: string;
  key: string;
  /** Takes its log, line by line. */
  log: (line: string) => void;
  /** Where it keeps its jobs, so that another worker can go on with them; its own by default. */
  dataDir?: string;
  /** More of its settings, by the names of their environment variables. */
  env?: Record<string, string>;
}

/** Long enough for Python to import everything on a slow machine. */
const START_MS = 60_000;
const STOP_MS = 10_000;
/** Where speech models outlive the worker that downloaded them. */
const MODELS = path.join(homedir(), ".cache", "transcription-worker", "models");

/**
 * Starts the worker's HTTP API and waits until it answers.
 * @throws Error with its last words when it ends instead
 */
export async function runWorker(options: WorkerOptions): Promise<Worker> {
  const { command, convexUrl, siteUrl, key, log } = options;
  const port = options.port === 0 ? await freePort() : options.port;
  const dataDir = options.dataDir ?? (await makeDataDir());
  const args = ["serve", "--host", "127.0.0.1", "--port", String(port), "--data-dir", dataDir];
  const child = spawn(command, args, {
    // Not the repository: the worker would read a `.env` that is meant for another deployment.
    cwd: dataDir,
    env: {
      ...process.env,
      CONVEX_URL: convexUrl,
      CONVEX_SITE_URL: siteUrl,
      CONVEX_API_KEY: key,
      CONVEX_SYNC_ENABLED: "true",
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let lastWords = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-2_000);
      for (const line of text.split("\n")) if (line !== "") log(line);
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      lastWords = error.message;
      resolve();
    });
    child.once("exit", () => {
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(killer);
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const answered = await Promise.race([answers(url), ended.then(() => false)]);
  if (answered && child.pid !== undefined) return { url, pid: child.pid, stop };
  await stop();
  // The client alone is installed: its own line is for those who have it from an index.
  const hint = lastWords.includes("pip install 'transcription-worker[")
    ? `\nFrom here: ${INSTALL_WORKER}`
    : "";
  throw new Error(`The worker did not start: ${lastWords.trim()}${hint}`);
}

async function makeDataDir(): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "transcription-worker-"));
  try {
    await mkdir(MODELS, { recursive: true });
    await symlink(MODELS, path.join(dataDir, "models"), "junction");
  } catch {
    // A home that cannot be written: each start downloads its model again.
  }
  return dataDir;
}

async function answers(url: string): Promise<boolean> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const response = await fetch(`${url}/health`).catch(() => null);
    if (response?.ok === true) return true;
    await delay(100);
  }
  return false;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
