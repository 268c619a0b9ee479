import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { startBackend, type Backend } from "./backend";
import type { ServedPage } from "../../frontend/dev/servePage";
import { Demo } from "./demo/demo";
import { displayFor } from "./demo/display";
import { parseStartOptions, USAGE, type StartOptions } from "./demo/options";
import { perform } from "./demo/perform";
import { parseRecording } from "./demo/recording";
import { findWorker } from "./worker/findWorker";
import { runWorker, type Worker } from "./worker/runWorker";

const REPOSITORY = path.join(import.meta.dirname, "../..");
const RECORDING = path.join(REPOSITORY, "local/demo/session.jsonl");
/** Where the worker's HTTP API is by default. */
const DEFAULT_WORKER_PORT = 8000;
/** Exit codes as shells know them: bad usage, and ended by Ctrl-C. */
const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** What functions and the worker log in the normal course of things, a line for each update. */
const ROUTINE = /^\[[^\]]*\] \[(DEBUG|LOG|INFO)\]|"level":\s*"(debug|info)"/;

/**
 * Starts the parts one after the other, the backend first, and ends them in the reverse order.
 * @returns the exit code
 */
async function start(options: StartOptions, signal: AbortSignal): Promise<number> {
  const { once, port, sitePort } = options;
  const events = parseRecording(readFileSync(RECORDING, "utf8"));
  const key = randomBytes(32).toString("base64url");
  // The screen belongs to what the subscription brings; log lines would cover it.
  const complaints: string[] = [];
  const log = (line: string): void => {
    if (!ROUTINE.test(line)) complaints.push(line);
  };
  const closers: (() => Promise<void> | void)[] = [];
  try {
    const backend = await startBackend({
      ...(port !== undefined && { port }),
      ...(sitePort !== undefined && { sitePort }),
      env: { CONVEX_API_KEY: key },
      log,
    });
    closers.push(() => backend.close());
    // A replay that ends by itself needs no worker.
    const worker = once ? null : await startWorker(options, backend, key, log);
    if (worker !== null) closers.push(() => worker.stop());
    signal.throwIfAborted();
    const page = once ? null : await startPage(options, backend, worker, signal, log);
    if (page !== null) closers.push(() => page.close());
    const display = displayFor(process.stdout);
    closers.push(() => {
      display.close();
    });
    const demo = new Demo(backend, key, display, {
      workerUrl: worker?.url ?? null,
      pageUrl: page?.url ?? null,
    });
    closers.push(() => demo.close());
    const problems = await (page === null
      ? demo.play(events, signal)
      : perform(demo, events, page.opened, signal));
    return problems.length === 0 ? EXIT.done : EXIT.failed;
  } catch (error) {
    if (signal.aborted) return once ? EXIT.interrupted : EXIT.done;
    // A port in use says so itself, with the flag that chooses another.
    console.error(error instanceof Error ? error.message : error);
    return EXIT.failed;
  } finally {
    for (const close of closers.reverse()) await close();
    for (const line of complaints) console.error(line);
  }
}

async function startWorker(
  { workerPort: port = DEFAULT_WORKER_PORT }: StartOptions,
  { url: convexUrl, siteUrl }: Backend,
  key: string,
  log: (line: string) => void,
): Promise<Worker | null> {
  const command = findWorker(REPOSITORY);
  if (command === null) return null;
  return await runWorker({ command, port, convexUrl, siteUrl, key, log });
}

async function startPage(
  { pagePort: port, open }: StartOptions,
  backend: Backend,
  worker: Worker | null,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<ServedPage> {
  // A replay that ends by itself does without a page, and without what it takes to build one.
  const { servePage } = await import("../../frontend/dev/servePage");
  return await servePage({
    ...(port !== undefined && { port }),
    convexUrl: backend.url,
    apiUrl: worker?.url ?? null,
    token: (subject) => backend.token(subject),
    // Only for somebody who sits in front of it.
    open: open && process.stdout.isTTY && process.env["CI"] === undefined,
    signal,
    log,
  });
}

/** Milliseconds within which a signal is the same Ctrl-C: the terminal sends it, and npm again. */
const SAME_SIGNAL_MS = 1_000;

/** Aborted by the first Ctrl-C (or a request to end); the second one does not wait. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) firstAt = Date.now();
      else if (Date.now() - firstAt > SAME_SIGNAL_MS) process.exit(EXIT.interrupted);
      controller.abort();
    });
  }
  // `npm start | head`: nobody reads on.
  process.stdout.on("error", () => {
    controller.abort();
  });
  return controller.signal;
}

async function main(): Promise<number> {
  let options: StartOptions;
  try {
    options = parseStartOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return EXIT.usage;
  }
  if (options.help) {
    console.log(USAGE);
    return EXIT.done;
  }
  return await start(options, interruption());
}

process.exitCode = await main();
