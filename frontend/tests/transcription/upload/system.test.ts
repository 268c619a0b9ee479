import { readFileSync } from "node:fs";
import path from "node:path";
import { ConvexClient } from "convex/browser";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { findWorker, INSTALL_WORKER } from "../../../../local/src/worker/findWorker";
import { runWorker, type Worker } from "../../../../local/src/worker/runWorker";
import { jobsApi } from "../../../src/transcription/backend";
import { isFinished } from "../../../src/transcription/jobStatus";
import { UploadLedger } from "../../../src/transcription/upload/ledger";
import { Tickets } from "../../../src/transcription/upload/tickets";
import { Uploads } from "../../../src/transcription/upload/uploads";
import { WorkerApi } from "../../../src/transcription/upload/workerApi";
import type { Job } from "../../../src/transcription/types";
import { tokenFor } from "../../support/backend";
import { MemoryLocks } from "./support/locks";

const REPOSITORY = path.join(import.meta.dirname, "../../../..");
const RECORDING = path.join(REPOSITORY, "worker/tests/recordings/speech.flac");
const installed = findWorker(REPOSITORY);
const PATIENCE = { timeout: 60_000 };

const title = installed === null ? `the worker is not installed (${INSTALL_WORKER})` : "uploads";

describe.skipIf(installed === null)(`${title}: the real worker and backend`, () => {
  const locks = new MemoryLocks();
  let worker: Worker;
  let client: ConvexClient;

  beforeAll(async () => {
    const options = {
      convexUrl: inject("convexUrl"),
      siteUrl: inject("siteUrl"),
      key: inject("apiKey"),
      log: () => undefined,
    };
    worker = await runWorker({ command: installed ?? "", port: 0, ...options });
    client = new ConvexClient(options.convexUrl, { logger: false });
    client.setAuth(() => tokenFor("uploader"));
  });
  afterAll(async () => {
    await client.close();
    await worker.stop();
  });
  beforeEach(() => {
    localStorage.clear();
  });

  function openPage(baseUrl = worker.url) {
    const own = locks.page();
    const api = new WorkerApi({ baseUrl });
    const tickets = new Tickets(
      (jobId) => client.mutation(jobsApi.ticket, { jobId }),
      () => Date.now(),
    );
    const uploads = new Uploads({
      commands: {
        create: (job) => client.mutation(jobsApi.create, job),
        uploadFailed: (jobId, error) => client.mutation(jobsApi.uploadFailed, { jobId, error }),
      },
      api,
      tickets,
      ledger: new UploadLedger({ storage: localStorage, locks: own }),
    });
    return { api, tickets, uploads, die: own.die };
  }

  async function row(jobId: string): Promise<Job | null> {
    return await client.query(jobsApi.get, { jobId });
  }

  test("a recording becomes a transcript, and the worker tells of it what Convex does", async () => {
    const { api, tickets, uploads } = openPage();
    expect((await api.health()).formats).toContain("flac");
    const file = new File([readFileSync(RECORDING)], "speech.flac", { type: "audio/flac" });
    const jobId = await uploads.start(file, { language: "en", returnTimestamps: true });
    expect(await row(jobId)).toMatchObject({ fileName: "speech.flac", fileSize: file.size });
    await expect.poll(() => uploads.isUploading(jobId), PATIENCE).toBe(false);
    await expect.poll(async () => (await row(jobId))?.status, PATIENCE).toBe("completed");
    const job = await row(jobId);
    const told = await api.getJob(jobId, await tickets.get(jobId));
    expect(told.result?.text).toContain("we can read the news in the morning");
    // All but the clocks' fields and what only Convex knows.
    const { createdAt: _c, updatedAt: _u, ...same } = told;
    expect(job).toMatchObject(same);
    expect(told.completedAt).toBeGreaterThan(told.startedAt ?? Infinity);
  });

  test("the same file again, under the same id, is taken as it is", async () => {
    const { uploads } = openPage();
    const file = new File([readFileSync(RECORDING)], "speech.flac");
    const jobId = await uploads.start(file);
    await expect.poll(() => uploads.isUploading(jobId), PATIENCE).toBe(false);
    expect(await openPage().uploads.start(file, { jobId })).toBe(jobId);
    await expect.poll(() => uploads.isUploading(jobId), PATIENCE).toBe(false);
    await expect.poll(async () => isFinished((await row(jobId)) ?? fail()), PATIENCE).toBe(true);
    expect((await row(jobId))?.status).toBe("completed");
  });

  test.each([
    ["what is no sound", "no sound at all", {}, "audio"],
    ["a bad option", "x", { temperature: 2 }, "temperature"],
  ])("%s fails with the worker's reason", async (_title, content, options, reason) => {
    const { uploads } = openPage();
    const jobId = await uploads.start(new File([content], "notes.mp3"), options);
    await expect.poll(async () => (await row(jobId))?.status, PATIENCE).toBe("failed");
    expect((await row(jobId))?.error).toContain(reason);
    await expect.poll(() => localStorage.length).toBe(0);
  });

  test("an upload that a dead page cut off is failed by the next, not one that arrived", async () => {
    const closing = openPage();
    const jobId = await closing.uploads.start(new File(["s"], "n.mp3"), { jobId: "cut-off" });
    closing.die();
    const next = openPage();
    await next.uploads.reportCutOff();
    expect(await row(jobId)).toMatchObject({ status: "failed", endedBy: "user" });
    expect(next.uploads.isUploading(jobId)).toBe(false);
  });

  test("another user's upload of this browser is not touched", async () => {
    const key = "transcription-upload:another-users-job";
    localStorage.setItem(key, String(Date.now()));
    await openPage().uploads.reportCutOff();
    expect(localStorage.getItem(key)).not.toBeNull();
  });

  test("a job that the worker does not know is said to be unknown", async () => {
    const { api, tickets } = openPage();
    const { jobId } = await client.mutation(jobsApi.create, {});
    const ticket = await tickets.get(jobId);
    await expect(api.getJob(jobId, ticket)).rejects.toMatchObject({ code: "job_not_found" });
    await expect(api.getJob(jobId, "1.x")).rejects.toMatchObject({ code: "unauthorized" });
  });
});

function fail(): never {
  throw new Error("There is no row.");
}
