import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConvexClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api";
import { startBackend, type Backend } from "../src/backend";
import type { Job } from "../src/demo/job";
import { findWorker } from "../src/worker/findWorker";
import { runWorker, type Worker } from "../src/worker/runWorker";

const REPOSITORY = path.join(import.meta.dirname, "../..");
const RECORDING = path.join(REPOSITORY, "worker/tests/recordings/speech.flac");
const installed = findWorker(REPOSITORY);

describe("finding the worker", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "find-worker-"));
  const program = (place: string, mode: number): string => {
    const bin = path.join(folder, place);
    mkdirSync(bin, { recursive: true });
    const file = path.join(bin, "transcription-worker");
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, mode);
    return file;
  };
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test("nowhere, on the PATH, then in the repository's own environment", () => {
    program("not-executable", 0o644);
    const search = ["", path.join(folder, "not-executable")].join(path.delimiter);
    expect(findWorker(folder, search)).toBeNull();
    const onPath = program("on-path", 0o755);
    const longer = [search, path.dirname(onPath)].join(path.delimiter);
    expect(findWorker(folder, longer)).toBe(onPath);
    const own = program(".venv/bin", 0o755);
    expect(findWorker(folder, longer)).toBe(own);
  });
});

describe("a worker that does not start", () => {
  test("says why, in its own last words", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "broken-worker-"));
    const command = path.join(folder, "transcription-worker");
    writeFileSync(command, "#!/bin/sh\necho 'the disk is full' >&2\nexit 3\n", { mode: 0o755 });
    const options = { port: 0, convexUrl: "", siteUrl: "", key: "k", log: () => undefined };
    await expect(runWorker({ command, ...options })).rejects.toThrow("the disk is full");
    await expect(runWorker({ command: `${command}-not-there`, ...options })).rejects.toThrow(
      "ENOENT",
    );
    writeFileSync(
      command,
      `#!/bin/sh\necho "uvicorn is not installed: pip install 'transcription-worker[server]'" >&2\nexit 2\n`,
    );
    await expect(runWorker({ command, ...options })).rejects.toThrow(
      "From here: pip install './worker[all]'",
    );
    rmSync(folder, { recursive: true });
  });
});

// Needs the Python package: `pip install './worker[all]'`, or a virtual environment at .venv.
describe.skipIf(installed === null)("the whole system", () => {
  const KEY = "key-of-the-whole-system";
  let backend: Backend;
  let worker: Worker;
  let client: ConvexClient;

  beforeAll(async () => {
    const quiet = { log: () => undefined };
    const env = { CONVEX_API_KEY: KEY };
    backend = await startBackend({ port: 0, sitePort: 0, env, ...quiet });
    const { url: convexUrl, siteUrl } = backend;
    const command = installed ?? "";
    worker = await runWorker({ command, port: 0, convexUrl, siteUrl, key: KEY, ...quiet });
    client = new ConvexClient(convexUrl, { logger: false });
    client.setAuth(async () => await backend.token("listener"));
  });
  afterAll(async () => {
    await client.close();
    await worker.stop();
    await backend.close();
  });

  async function upload(): Promise<{ jobId: string; seen: Job[]; ended: Promise<void> }> {
    const { jobId, ticket } = await client.mutation(api.transcriptionJobs.create, {
      fileName: "speech.flac",
    });
    const seen: Job[] = [];
    const ended = new Promise<void>((resolve) => {
      client.onUpdate(api.transcriptionJobs.get, { jobId }, (job) => {
        if (job === null) return;
        seen.push(job);
        if (job.completedAt !== undefined) resolve();
      });
    });
    const form = new FormData();
    form.set("job_id", jobId);
    form.set("file", new Blob([readFileSync(RECORDING)]), "speech.flac");
    const headers = { Authorization: `Bearer ${ticket ?? ""}` };
    const url = `${worker.url}/transcribe-job`;
    const answer = await fetch(url, { method: "POST", headers, body: form });
    expect([answer.status, await answer.json()]).toEqual([
      202,
      { job_id: jobId, status: "pending" },
    ]);
    return { jobId, seen, ended };
  }

  test("an upload is seen pending, processing, growing and completed by a subscriber", async () => {
    const { jobId, seen, ended } = await upload();
    await ended;
    const statuses = [...new Set(seen.map((job) => job.status))];
    expect(statuses).toEqual(["pending", "processing", "completed"]);
    expect(new Set(seen.map((job) => job.progress)).size).toBeGreaterThanOrEqual(3);
    const live = seen.filter((job) => job.status === "processing" && job.segmentCount > 0);
    expect(live.length).toBeGreaterThan(0);

    const last = seen.at(-1);
    expect(last?.result?.text).toContain("we can read the news in the morning");
    expect(last?.audioInfo).toMatchObject({ format: "flac", sampleRate: 16_000 });
    const page = await client.query(api.transcriptionJobs.transcript, { jobId, page: 0 });
    expect(page?.segments).toHaveLength(last?.segmentCount ?? NaN);
    expect(page?.segments[0]?.words?.[0]?.start).toBeGreaterThanOrEqual(0);
  });

  test("a cancel in the page stops the engine", async () => {
    const { jobId, seen, ended } = await upload();
    await expect.poll(() => seen.at(-1)?.status, { timeout: 60_000 }).toBe("processing");
    await client.mutation(api.transcriptionJobs.cancel, { jobId });
    await ended;
    const running = async () => {
      const health = (await (await fetch(`${worker.url}/health`)).json()) as {
        jobs: { running: number };
      };
      return health.jobs.running;
    };
    await expect.poll(running, { timeout: 60_000 }).toBe(0);
    expect(seen.at(-1)).toMatchObject({ status: "cancelled", endedBy: "user" });
  });
});
