import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser } from "playwright-core";
import { startBackend, type Backend } from "../../../../local/src/backend";
import { findWorker } from "../../../../local/src/worker/findWorker";
import { runWorker, type Worker } from "../../../../local/src/worker/runWorker";
import { servePage } from "../../../dev/servePage";
import { launchChromium } from "./chromium";
import { Line } from "./line";

/** The repository. */
export const REPOSITORY = path.join(import.meta.dirname, "../../../..");

/** What to start. */
export interface StackOptions {
  /** Whether there is a worker; where it is not installed, `Stack.worker` is `null`. */
  worker?: boolean;
  /** More of the worker's settings. */
  workerEnv?: Record<string, string>;
  /** Takes what all parts log. */
  log: (line: string) => void;
}

/** Everything that a person's page needs, with lines that can be broken. */
export interface Stack {
  backend: Backend;
  /** The key of the endpoint. */
  key: string;
  pageUrl: string;
  browser: Browser;
  lines: {
    /** Page → Convex. */
    convex: Line;
    /** Page → worker. */
    worker: Line;
    /** Worker → Convex's HTTP actions. */
    reports: Line;
  };
  worker: RestartableWorker | null;
  close(): Promise<void>;
}

/** A worker that keeps its data when it dies. */
export interface RestartableWorker {
  /** Ends it without a warning. */
  kill(): Promise<void>;
  /** Starts it again with the data that it had. */
  start(): Promise<void>;
}

/** Starts the embedded backend, the page, Chromium and, if it is wanted, the real worker. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { log } = options;
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const [convex, worker, reports] = await Promise.all([Line.open(), Line.open(), Line.open()]);
    const lines = { convex, worker, reports };
    closers.push(() => Promise.all([convex.close(), worker.close(), reports.close()]));
    const key = randomBytes(32).toString("base64url");
    const backend = await startBackend({ port: 0, sitePort: 0, env: { CONVEX_API_KEY: key }, log });
    closers.push(() => backend.close());
    convex.leadTo(backend.url);
    reports.leadTo(backend.siteUrl);
    const command = options.worker === true ? findWorker(REPOSITORY) : null;
    const keep = <T>(started: T, closer: () => Promise<unknown>): T => {
      closers.push(closer);
      return started;
    };
    const parts = [
      servePage({
        port: 0,
        convexUrl: convex.url,
        apiUrl: command === null ? null : worker.url,
        token: (subject) => backend.token(subject),
        log,
      }).then((page) => keep(page, () => page.close())),
      launchChromium().then((browser) => keep(browser, () => browser.close())),
      command === null
        ? Promise.resolve(null)
        : startWorker(command, { ...options, backend, key, lines }, closers),
    ] as const;
    // Where one fails, the others are closed, which they can be only once they have started.
    await Promise.allSettled(parts);
    const [page, browser, startedWorker] = await Promise.all(parts);
    return { backend, key, pageUrl: page.url, browser, lines, worker: startedWorker, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startWorker(
  command: string,
  stack: StackOptions & Pick<Stack, "backend" | "key" | "lines">,
  closers: (() => Promise<unknown>)[],
): Promise<RestartableWorker> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "transcription-browser-"));
  closers.push(() => rm(dataDir, { recursive: true, force: true }));
  let running: Worker | null = null;
  const start = async (): Promise<void> => {
    running = await runWorker({
      command,
      port: 0,
      convexUrl: stack.backend.url,
      siteUrl: stack.lines.reports.url,
      key: stack.key,
      log: stack.log,
      dataDir,
      env: stack.workerEnv ?? {},
    });
    stack.lines.worker.leadTo(running.url);
  };
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (running === null) return;
    process.kill(running.pid, signal);
    await running.stop();
    running = null;
  };
  closers.push(() => stop("SIGTERM"));
  await start();
  return { start, kill: () => stop("SIGKILL") };
}
