import { parseArgs } from "node:util";
import { readPort } from "../ports";

/** What `npm start` was asked for. */
export interface StartOptions {
  once: boolean;
  help: boolean;
  port?: number;
  sitePort?: number;
  workerPort?: number;
  pagePort?: number;
  /** Whether the page may be opened in the browser. */
  open: boolean;
}

/** The text of `--help`. */
export const USAGE = `npm start -- [options]

Starts an embedded Convex on this machine, the worker beside it if it is installed (in .venv or on the
PATH), and the web page. Replays a recorded worker session into it and shows the jobs, here and on the
page. Nothing is stored: its data lives in memory.

  --once             no page, and end after the replay; the exit code is 0 if every job ended as
                     recorded
  --no-open          leave the browser alone
  --port <n>         where clients connect (3210; 0: any free port)
  --site-port <n>    where the worker posts to (3211; 0: any free port)
  --worker-port <n>  where the worker takes uploads, if it is installed (8000; 0: any free port)
  --page-port <n>    where the page is served (5173; 0: any free port)
  --help`;

/**
 * Reads the command line.
 * @throws Error that says what is wrong with it
 */
export function parseStartOptions(args: string[]): StartOptions {
  const { values } = parseArgs({
    args,
    options: {
      once: { type: "boolean", default: false },
      "no-open": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      port: { type: "string" },
      "site-port": { type: "string" },
      "worker-port": { type: "string" },
      "page-port": { type: "string" },
    },
  });
  const port = readPort("--port", values.port);
  const sitePort = readPort("--site-port", values["site-port"]);
  const workerPort = readPort("--worker-port", values["worker-port"]);
  const pagePort = readPort("--page-port", values["page-port"]);
  const chosen = [port, sitePort, workerPort, pagePort].filter(
    (value) => value !== undefined && value !== 0,
  );
  if (new Set(chosen).size < chosen.length) {
    throw new Error("--port, --site-port, --worker-port and --page-port must be different ports.");
  }
  return {
    once: values.once,
    help: values.help,
    open: !values["no-open"],
    ...(port !== undefined && { port }),
    ...(sitePort !== undefined && { sitePort }),
    ...(workerPort !== undefined && { workerPort }),
    ...(pagePort !== undefined && { pagePort }),
  };
}
