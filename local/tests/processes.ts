import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const CLI = fileURLToPath(new URL("../src/cli.ts", import.meta.url));

/** Ports that nobody else has. */
export const FREE_PORTS = ["--port", "0", "--site-port", "0"];

/** The command line's program, running. */
export interface Run {
  child: ChildProcessWithoutNullStreams;
  output: () => string;
  status: Promise<number | null>;
}

/** Starts it, until the test ends. */
export function runCli(args: string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, ["--import", "tsx", CLI, ...args], {
    env: { ...process.env, CONVEX_API_KEY: "", ...env },
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return {
    child,
    output: () => output,
    status: new Promise((resolve) => child.on("close", resolve)),
  };
}
