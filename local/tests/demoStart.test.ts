import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startBackend, type Backend } from "../src/backend";
import { Demo } from "../src/demo/demo";
import type { Display } from "../src/demo/display";
import { parseStartOptions } from "../src/demo/options";
import { parseRecording, type RecordedEvent } from "../src/demo/recording";
import type { Screen } from "../src/demo/render";

const KEY = "the-key-of-this-test";
const LOCAL = path.join(import.meta.dirname, "..");

/** The shipped recording, twenty times as fast. */
const EVENTS = parseRecording(readFileSync(path.join(LOCAL, "demo/session.jsonl"), "utf8")).map(
  (event): RecordedEvent => ({ ...event, at: event.at / 20 }),
);

describe("the options", () => {
  test.each([
    [[], {}],
    [["--once"], { once: true }],
    [["--port", "0", "--site-port=0"], { port: 0, sitePort: 0 }],
    [["--page-port", "8080", "--no-open"], { pagePort: 8080, open: false }],
    [["-h"], { help: true }],
  ])("%j", (args, options) => {
    const usual = { once: false, help: false, open: true };
    expect(parseStartOptions(args)).toEqual({ ...usual, ...options });
  });

  test.each([
    [["--port", "x"], "--port must be a port"],
    [["--site-port", "65536"], "--site-port must be a port"],
    [["--port", "5", "--site-port", "5"], "different ports"],
    [["--port", "5", "--page-port", "5"], "different ports"],
    [["--page-port", "-1"], "--page-port"],
    [["--fast"], "--fast"],
    [["once"], "once"],
  ])("%j is refused", (args, message) => {
    expect(() => parseStartOptions(args)).toThrow(message);
  });
});

describe("the demo on a real backend", () => {
  let backend: Backend;
  const screens: Screen[] = [];
  const display: Display = { show: (screen) => screens.push(screen), close: () => undefined };
  const never = new AbortController().signal;

  beforeEach(async () => {
    screens.length = 0;
    const env = { CONVEX_API_KEY: KEY };
    backend = await startBackend({ port: 0, sitePort: 0, env, log: () => undefined });
  });
  afterEach(async () => {
    await backend.close();
  });

  test("every job ends as recorded, and the words were seen while they came", async () => {
    const demo = new Demo(backend, KEY, display);
    try {
      expect(await demo.play(EVENTS, never)).toEqual([]);
    } finally {
      await demo.close();
    }
    const last = screens.at(-1)?.jobs ?? [];
    expect(last.map(({ job }) => job.status)).toEqual(["completed", "cancelled", "failed"]);
    const seen = screens.flatMap(({ jobs }) =>
      jobs.filter(({ job }) => job.status === "processing").map(({ lastText }) => lastText),
    );
    const lastWords = [
      ["village-hall", "we will open the doors on the first day of the year"],
      ["morning-walk", "she goes to the park in the morning and comes back before noon"],
      ["rivers", "where the river is slow descent falls to the ground"],
    ] as const;
    // The last words before each end, which came live.
    for (const [label, words] of lastWords) expect(seen, label).toContain(words);
  });

  test("a worker with another key: every update is a problem, no job ends", async () => {
    const demo = new Demo(backend, "another-key-than-that", display, { catchUpMs: 200 });
    const events = EVENTS.filter(({ job, call }) => job === "c" && call !== "cancel");
    try {
      const problems = await demo.play(events, never);
      expect(problems).toContainEqual(expect.stringContaining("sequence 1: refused, unauthorized"));
      expect(problems).toContainEqual(expect.stringContaining('status is "pending", not "failed"'));
    } finally {
      await demo.close();
    }
  });

  test("an update that is lost on the way is noticed", async () => {
    const demo = new Demo(backend, KEY, display, { catchUpMs: 200 });
    // Refused, as the text does not belong to a job that failed.
    const events = EVENTS.filter(({ job }) => job === "c").map((event): RecordedEvent => {
      if (event.call !== "update" || event.update.status !== "failed") return event;
      return { ...event, update: { ...event.update, result: { text: "x" } } };
    });
    try {
      const problems = await demo.play(events, never);
      expect(problems).toContainEqual(expect.stringContaining("invalid_payload"));
    } finally {
      await demo.close();
    }
  });

  test("ended early", async () => {
    const demo = new Demo(backend, KEY, display);
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 100);
    await expect(demo.play(EVENTS, controller.signal)).rejects.toThrow(/abort/i);
    await demo.close();
  });

  test("the reader's lines move a job of their own, which the screen shows", async () => {
    const demo = new Demo(backend, KEY, display);
    const controller = new AbortController();
    const invited = demo.invite(controller.signal);
    const curl = (): string =>
      screens.at(-1)?.notes.find(({ text }) => text.startsWith("curl"))?.text ?? "";
    const ownJob = () => screens.at(-1)?.jobs.at(-1)?.job;
    for (const progress of [25, 50, 75, 100]) {
      await expect.poll(curl).toContain(progress === 100 ? "completed" : `"progress":${progress}`);
      const body = /-d '(.*)'$/.exec(curl())?.[1] ?? "";
      const url = `${backend.siteUrl}/updateTranscriptionJob`;
      const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" };
      const { status } = await fetch(url, { method: "POST", headers, body });
      expect(status).toBe(200);
      await expect
        .poll(() => screens.some(({ jobs }) => jobs.at(-1)?.job.progress === progress))
        .toBe(true);
    }
    await expect.poll(() => ownJob()?.jobId).toBe("my-job-2");
    controller.abort();
    await invited;
    await demo.close();
  });

  test("the reader's jobs give signs of life, and are played beside", async () => {
    const pageUrl = "http://127.0.0.1:5";
    const demo = new Demo(backend, KEY, display, { pageUrl, signOfLifeMs: 50 });
    const controller = new AbortController();
    const invited = demo.invite(controller.signal);
    const ownJob = () =>
      screens.at(-1)?.jobs.find(({ job }) => job.jobId.startsWith("my-job"))?.job;
    await expect.poll(() => ownJob()?.message).toBe("Waiting for you to be the worker.");
    const { updatedAt = 0 } = ownJob() ?? {};
    await expect.poll(() => ownJob()?.updatedAt).toBeGreaterThan(updatedAt);
    expect(ownJob()).toMatchObject({ status: "pending", progress: 0 });
    expect(ownJob()).not.toHaveProperty("sequence");

    expect(await demo.play(EVENTS, controller.signal)).toEqual([]);
    const notes = screens.at(-1)?.notes.map(({ text }) => text) ?? [];
    expect(notes[0]).toContain(pageUrl);
    expect(notes).toContainEqual(expect.stringContaining("All 3 jobs ended as recorded"));
    expect(notes).toContainEqual(expect.stringContaining("curl"));
    controller.abort();
    await invited;
    await demo.close();
  });
});

describe("the program", () => {
  async function run(args: string[]): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, ["--import", "tsx", "src/start.ts", ...args], {
      cwd: LOCAL,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => (output += data.toString()));
    }
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return { code, output };
  }

  test("a port in use: which flag to use, and nothing left running", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const { code, output } = await run(["--once", "--port", "0", "--site-port", String(port)]);
    server.close();
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} is in use`);
    expect(output).toContain("--site-port");
    expect(output).not.toMatch(/^\s+at /m);
  }, 20_000);

  test("a wrong option: how it is used", async () => {
    const { code, output } = await run(["--twice"]);
    expect(code).toBe(2);
    expect(output).toContain("--once");
  }, 20_000);
});
