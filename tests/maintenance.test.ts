import { beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import crons from "../convex/crons";
import { parseRetentionDays } from "../convex/transcription/model/retention";
import { type Backend, newBackend, segments } from "./support/backend";

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;
const START = 1_800_000_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ["Date", "setTimeout", "clearTimeout"] });
});

function later(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

/** Runs an operation with every batch that it schedules. */
async function run(backend: Backend, op: "watchdog" | "retention"): Promise<void> {
  await backend.t.mutation(internal.transcriptionJobs.run, { op });
  await backend.t.finishAllScheduledFunctions(vi.runAllTimers);
}

describe("watchdog", () => {
  test("marks active jobs without news for two minutes, once, and leaves their status", async () => {
    const backend = newBackend();
    await backend.newJob("silent");
    await backend.post({ jobId: "silent", status: "processing", sequence: 1, progress: 40 });
    const { updatedAt } = await backend.row("silent");
    vi.setSystemTime(updatedAt + 2 * MINUTE);
    await run(backend, "watchdog");
    expect(await backend.row("silent")).not.toHaveProperty("stalledAt");
    later(1);
    await run(backend, "watchdog");
    const marked = await backend.row("silent");
    expect(marked).toMatchObject({ stalledAt: Date.now(), status: "processing", progress: 40 });
    later(5 * MINUTE);
    await run(backend, "watchdog");
    expect(await backend.row("silent")).toEqual(marked);

    await backend.post({ jobId: "silent", status: "processing", sequence: 2 });
    expect(await backend.row("silent")).not.toHaveProperty("stalledAt");
    later(3 * MINUTE);
    await run(backend, "watchdog");
    expect(await backend.row("silent")).toHaveProperty("stalledAt");
    await backend.post({ jobId: "silent", status: "completed", sequence: 3 });
    expect(await backend.row("silent")).not.toHaveProperty("stalledAt");
  });

  test("1,000 stalled jobs do not keep it from a new one", async () => {
    const backend = newBackend();
    await backend.insertJobs(1_000, () => ({ stalledAt: START - DAY, reported: true }));
    await backend.insertJobs(1, () => ({ jobId: "new", updatedAt: START, reported: true }));
    later(3 * MINUTE);
    await run(backend, "watchdog");
    expect(await backend.row("new")).toHaveProperty("stalledAt", Date.now());
    expect(await backend.row("job-999")).toHaveProperty("stalledAt", START - DAY);
  });

  test("takes more silent jobs than one batch holds", async () => {
    const backend = newBackend();
    await backend.insertJobs(120, () => ({ reported: true }));
    await run(backend, "watchdog");
    const { transcriptionJobs } = await backend.dump();
    expect(transcriptionJobs.filter((row) => row.stalledAt !== undefined)).toHaveLength(120);
  });

  test("ends a job that no worker ever reported on after 24 hours, and no other", async () => {
    const backend = newBackend();
    await backend.newJob("never");
    await backend.newJob("waiting");
    await backend.post({ jobId: "waiting", status: "pending", message: "second in the queue" });
    later(DAY);
    await run(backend, "watchdog");
    expect(await backend.row("never")).toMatchObject({ status: "pending" });
    later(1);
    await run(backend, "watchdog");
    expect(await backend.row("never")).toMatchObject({
      status: "failed",
      endedBy: "user",
      error: "the upload never arrived",
      errorCode: "upload_never_arrived",
      completedAt: Date.now(),
    });
    expect(await backend.row("never")).not.toHaveProperty("stalledAt");
    expect(await backend.row("waiting")).toMatchObject({ status: "pending" });
    expect(await backend.alice.query(api.transcriptionJobs.stats, {})).toMatchObject({
      active: 1,
      failed: 1,
    });
  });
});

describe("retention", () => {
  async function withOldJobs(): Promise<Backend> {
    const backend = newBackend();
    await backend.newJob("old");
    await backend.newJob("active");
    await backend.post({
      jobId: "old",
      status: "completed",
      result: { segments: segments(0, 120) },
    });
    later(90 * DAY);
    await backend.newJob("recent");
    await backend.post({ jobId: "recent", status: "failed", error: "x" });
    later(1);
    return backend;
  }

  const jobIds = async (backend: Backend) =>
    (await backend.dump()).transcriptionJobs.map((row) => row.jobId);

  test("deletes jobs that ended more than 90 days ago with their pages, and leaves active ones", async () => {
    const backend = await withOldJobs();
    await run(backend, "retention");
    const left = await backend.dump();
    expect(left.transcriptionJobs.map((row) => row.jobId)).toEqual(["active", "recent"]);
    expect(left.transcriptionTranscripts.map((row) => row.jobId)).toEqual(["active", "recent"]);
    expect(left.transcriptionPages).toEqual([]);
    expect(await backend.alice.query(api.transcriptionJobs.stats, {})).toEqual({
      active: 1,
      completed: 0,
      failed: 1,
      cancelled: 0,
    });
  });

  test.each([
    ["0", ["old", "active", "recent"]],
    ["91", ["old", "active", "recent"]],
    ["ninety", ["old", "active", "recent"]],
    ["-1", ["old", "active", "recent"]],
    ["", ["active", "recent"]],
    ["30", ["active", "recent"]],
  ])("RETENTION_DAYS=%j leaves %j", async (setting, left) => {
    const backend = await withOldJobs();
    vi.stubEnv("RETENTION_DAYS", setting);
    await run(backend, "retention");
    expect(await jobIds(backend)).toEqual(left);
  });

  test("goes through many jobs and long transcripts in batches within the platform's limits", async () => {
    const backend = newBackend();
    for (const jobId of ["long-1", "long-2", "long-3"]) {
      await backend.newJob(jobId);
      const items = Array.from({ length: 4_000 }, () => ({ start: 0, end: 0, text: "" }));
      await backend.post({ jobId, status: "completed", result: { segments: items } });
    }
    await backend.insertJobs(120, () => ({ status: "completed", completedAt: 1 }));
    later(91 * DAY);
    await run(backend, "retention");
    const left = await backend.dump();
    expect([
      left.transcriptionJobs,
      left.transcriptionPages,
      left.transcriptionTranscripts,
    ]).toEqual([[], [], []]);
  });

  test.each([
    [undefined, 90],
    [" ", 90],
    ["7", 7],
    ["0.5", 0.5],
    ["0", 0],
    ["Infinity", "invalid"],
    ["7 days", "invalid"],
  ])("%j means %s days", (setting, days) => {
    expect(parseRetentionDays(setting)).toBe(days);
  });
});

describe("removeAllOf", () => {
  const removeAllOf = async (backend: Backend, userId: string) => {
    await backend.t.mutation(internal.transcriptionJobs.removeAllOf, { userId });
    await backend.t.finishAllScheduledFunctions(vi.runAllTimers);
  };
  const ALICE = "https://issuer.example|alice";

  test("deletes a person's jobs with all that belongs to them, active ones too, and nobody else's", async () => {
    const backend = newBackend();
    for (const jobId of ["ended", "active", "pending"]) await backend.newJob(jobId);
    await backend.bob.mutation(api.transcriptionJobs.create, { jobId: "bobs" });
    const items = segments(0, 120);
    const result = { segments: items, text: "long ".repeat(9_000) };
    await backend.post({ jobId: "ended", status: "completed", result });
    await backend.post({ jobId: "active", status: "processing", segments: { offset: 0, items } });
    await backend.post({ jobId: "bobs", status: "completed", result });
    await removeAllOf(backend, ALICE);
    const left = await backend.dump();
    expect(left.transcriptionJobs.map(({ jobId }) => jobId)).toEqual(["bobs"]);
    expect(left.transcriptionTranscripts.map(({ jobId }) => jobId)).toEqual(["bobs"]);
    expect(new Set(left.transcriptionPages.map(({ job }) => job))).toEqual(
      new Set(left.transcriptionJobs.map(({ _id }) => _id)),
    );
    expect(left.transcriptionStats.map(({ completed }) => completed)).toEqual([1]);
    const late = await backend.post({ jobId: "active", status: "processing", progress: 90 });
    expect([late.status, late.body.error?.code]).toEqual([404, "job_not_found"]);
    expect(await backend.alice.query(api.transcriptionJobs.stats, {})).toMatchObject({ active: 0 });
  });

  test("goes through many jobs and long transcripts in batches within the platform's limits", async () => {
    const backend = newBackend();
    for (const jobId of ["long-1", "long-2", "long-3"]) {
      await backend.newJob(jobId);
      const items = Array.from({ length: 4_000 }, () => ({ start: 0, end: 0, text: "" }));
      await backend.post({ jobId, status: "completed", result: { segments: items } });
    }
    await backend.insertJobs(120, () => ({ status: "completed", completedAt: 1 }));
    await removeAllOf(backend, ALICE);
    const { scheduled: _scheduled, ...left } = await backend.dump();
    expect(Object.values(left).flat()).toEqual([]);
  });

  test("of somebody without jobs, or again, changes nothing", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const before = await backend.dump();
    await removeAllOf(backend, "nobody");
    expect(await backend.dump()).toEqual(before);
    await removeAllOf(backend, ALICE);
    await removeAllOf(backend, ALICE);
    expect((await backend.dump()).transcriptionJobs).toEqual([]);
  });
});

test.each([
  [{ op: "deletePages" as const }, "pages"],
  [{ op: "removeAllOf" as const }, "userId"],
  [{ op: "applyUpdates" as const }, "updates"],
])("run says which argument %j lacks", async (args, name) => {
  const call = newBackend().t.mutation(internal.transcriptionJobs.run, args);
  await expect(call).rejects.toThrow(name);
});

test("both run as crons, on functions that exist", async () => {
  const backend = newBackend();
  const jobs = Object.values(crons.crons);
  expect(jobs.map((job) => [job.name, job.args, job.schedule])).toEqual([
    ["transcriptionJobs:run", [{ op: "watchdog" }], { type: "interval", minutes: 1 }],
    ["transcriptionJobs:run", [{ op: "retention" }], { type: "interval", hours: 1 }],
  ]);
  await run(backend, "watchdog");
  await run(backend, "retention");
});
