import { randomBytes } from "node:crypto";
import path from "node:path";
import { parseArgs } from "node:util";
import { startBackend, type BackendOptions } from "./backend";
import { readPort } from "./ports";

const USAGE = `npm run backend -- [options]

Starts an embedded Convex on this machine. Nothing is stored: its data lives in memory. The
environment is the deployment's: CONVEX_API_KEY, RETENTION_DAYS, and what your functions read.

  --functions <dir>  your functions: a project with a folder convex/, or that folder itself
                     (this repository's)
  --port <n>         client API and sync WebSocket (3210; 0: any free port)
  --site-port <n>    HTTP actions (3211; 0: any free port)
  --help`;

/** Status of a wrong command line, as shells have it. */
const USAGE_ERROR = 2;

type Command = { help: true } | { help: false; options: BackendOptions };

function parseCommand(args: string[]): Command {
  const { values } = parseArgs({
    args,
    options: {
      functions: { type: "string" },
      port: { type: "string" },
      "site-port": { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return { help: true };
  const port = readPort("--port", values.port);
  const sitePort = readPort("--site-port", values["site-port"]);
  return {
    help: false,
    options: {
      ...(values.functions !== undefined && { functionsDir: asTyped(values.functions) }),
      ...(port !== undefined && { port }),
      ...(sitePort !== undefined && { sitePort }),
    },
  };
}

/** A path as its user meant it: npm starts programs in the package's folder, not in the user's. */
function asTyped(folder: string): string {
  return path.resolve(process.env["INIT_CWD"] ?? process.cwd(), folder);
}

async function run(options: BackendOptions): Promise<void> {
  const configured = process.env["CONVEX_API_KEY"] ?? "";
  const key = configured === "" ? randomBytes(32).toString("base64url") : configured;
  const backend = await startBackend({ ...options, env: { CONVEX_API_KEY: key } });
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    // Timers of scheduled functions would keep the process alive for nothing.
    void backend.close().then(() => process.exit(0));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  console.log(`Embedded Convex. Its data lives in memory and is gone when it stops (Ctrl-C).

  functions        ${backend.functionsDir}
  CONVEX_URL       ${backend.url}   (client API, sync WebSocket)
  CONVEX_SITE_URL  ${backend.siteUrl}   (HTTP actions)
  CONVEX_API_KEY   ${configured === "" ? `${key}   (made for this run)` : "as in the environment"}
  sign in          curl '${backend.url}/dev/token?subject=alice'
`);
}

function fail(error: unknown, status: number): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(status);
}

function readCommand(): Command {
  try {
    return parseCommand(process.argv.slice(2));
  } catch (error) {
    console.error(USAGE);
    return fail(error, USAGE_ERROR);
  }
}

const command = readCommand();
if (command.help) console.log(USAGE);
else await run(command.options).catch((error: unknown) => fail(error, 1));
