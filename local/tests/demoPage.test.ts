import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { api } from "../../convex/_generated/api";
import { DEFAULT_USER } from "../../frontend/src/signIn";
import { DEMO_USER } from "../src/demo/demo";

const LOCAL = path.join(import.meta.dirname, "..");
const PATIENCE = { timeout: 60_000, interval: 20 };

/** Where the program puts what it may leave behind. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "start-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** `npm start` without npm, on free ports, its output a pipe and no worker to be found. */
function start(...args: string[]) {
  const ports = ["--port", "--site-port", "--worker-port"].flatMap((flag) => [flag, "0"]);
  const child = spawn(process.execPath, ["--import", "tsx", "src/start.ts", ...ports, ...args], {
    cwd: LOCAL,
    // tsx keeps its own cache in TMPDIR unless it is told not to.
    env: { ...process.env, TMPDIR: folder, TSX_DISABLE_CACHE: "1", PATH: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const program = { child, output: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => (program.output += data.toString()));
  }
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { program, ended };
}

/** What an ended program has left in its folder for temporary files. */
const leftBehind = (): string[] =>
  readdirSync(folder).filter((name) => name.startsWith("transcription-"));

test("the page's user is the demo's", () => {
  expect(DEFAULT_USER).toBe(DEMO_USER);
});

describe("the program", () => {
  test("prints where the page is, serves it, and replays when it is opened", async () => {
    const { program, ended } = start("--page-port", "0");
    const address = /Open the page +(http:\/\/127\.0\.0\.1:\d+)/;
    await expect.poll(() => program.output, PATIENCE).toMatch(address);
    const page = address.exec(program.output)?.[1] ?? "";

    const html = await (await fetch(page)).text();
    expect(html).toContain('<div id="root">');
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? "";
    const code = await (await fetch(page + script)).text();
    expect(program.output).not.toContain("at its own pace");

    const answer = await fetch(`${page}/dev/token?subject=${DEMO_USER}`);
    const { token } = (await answer.json()) as { token: string };
    await expect.poll(() => program.output, PATIENCE).toContain("at its own pace");
    await expect.poll(() => program.output, PATIENCE).toContain("village-hall.wav");

    // The deployment that is built into the page takes the page's token, and has the demo's jobs.
    const convexUrl = /http:\/\/127\.0\.0\.1:\d+/.exec(code)?.[0] ?? "";
    const client = new ConvexHttpClient(convexUrl, { logger: false, auth: token });
    const jobs = await client.query(api.transcriptionJobs.listActive, {});
    expect(jobs.map(({ fileName }) => fileName)).toContain("village-hall.wav");

    program.child.kill("SIGINT");
    expect(await ended).toBe(0);
    expect(program.output).not.toContain("\u001b");
    await expect(fetch(page)).rejects.toThrow();
    expect(leftBehind()).toEqual([]);
  });

  test("ended while the page is built: it leaves nothing behind", async () => {
    const { program, ended } = start("--page-port", "0");
    await expect.poll(leftBehind, PATIENCE).toHaveLength(1);
    program.child.kill("SIGTERM");
    expect(await ended).toBe(0);
    expect(program.output).toBe("");
    expect(leftBehind()).toEqual([]);
  });

  test("the page's port in use: which flag to use, and nothing left running", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const { program, ended } = start("--page-port", String(port));
    expect(await ended).toBe(1);
    server.close();
    expect(program.output).toContain(`Port ${port} is in use`);
    expect(program.output).toContain("--page-port");
    expect(program.output).not.toMatch(/^\s+at /m);
  });
});
