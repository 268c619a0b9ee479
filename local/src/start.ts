import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { startBackend } from "./backend";
import { Demo } from "./demo/demo";
import { displayFor } from "./demo/display";
import { parseStartOptions, USAGE, type StartOptions } from "./demo/options";
import { parseRecording } from "./demo/recording";

const RECORDING = path.join(import.meta.dirname, "../demo/session.jsonl");
/** Exit codes as shells know them: bad usage, and ended by Ctrl-C. */
const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** What functions log in the normal course of things, a line for each update. */
const ROUTINE = /^\[[^\]]*\] \[(DEBUG|LOG|INFO)\]/;

/**
 * Starts the parts one after the other, the backend first, and ends them in the reverse order.
 * @returns the exit code
 */
async function start({ once, port, sitePort }: StartOptions, signal: AbortSignal): Promise<number> {
  const events = parseRecording(readFileSync(RECORDING, "utf8"));
  const key = randomBytes(32).toString("base64url");
  // The screen belongs to what the subscription brings; the backend's lines would cover it.
  const complaints: string[] = [];
  const backend = await startBackend({
    ...(port !== undefined && { port }),
    ...(sitePort !== undefined && { sitePort }),
    env: { CONVEX_API_KEY: key },
    log: (line) => {
      if (!ROUTINE.test(line)) complaints.push(line);
    },
  }).catch((error: unknown) => {
    // A port in use says so itself, with the flag that chooses another.
    console.error(error instanceof Error ? error.message : error);
    return null;
  });
  if (backend === null) return EXIT.failed;
  const display = displayFor(process.stdout);
  const demo = new Demo(backend, key, display);
  try {
    const problems = await demo.play(events, signal);
    if (!once) await demo.invite(signal);
    return problems.length === 0 ? EXIT.done : EXIT.failed;
  } catch (error) {
    if (signal.aborted) return once ? EXIT.interrupted : EXIT.done;
    throw error;
  } finally {
    display.close();
    for (const line of complaints) console.error(line);
    await demo.close();
    await backend.close();
  }
}

/** Aborted by the first Ctrl-C (or a request to end); the second one does not wait. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
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
