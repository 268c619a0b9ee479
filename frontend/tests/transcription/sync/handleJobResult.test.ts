import { expect, test } from "vitest";
import { handleJobResult, hasCaughtUp } from "../../../src/transcription/sync/handleJobResult";
import type { Job, JobView } from "../../../src/transcription/types";
import type { WorkerJob } from "../../../src/transcription/upload/workerJob";
import { aRow, aWorkerJob } from "./support/rows";

type Place = Partial<Pick<Job, "attempt" | "status" | "progress" | "sequence">>;

test.each<[string, Place, Place, boolean]>([
  ["the same number", { sequence: 3 }, { sequence: 3 }, true],
  ["a higher number", { sequence: 4 }, { sequence: 3 }, true],
  ["a lower number", { sequence: 2 }, { sequence: 3 }, false],
  ["no number yet", {}, { sequence: 0 }, false],
  ["a number, where the worker has given none", { sequence: 0 }, {}, true],
  ["nothing reported to either", { status: "processing" }, { status: "processing" }, true],
  [
    "nothing reported of a file that is on its way",
    { status: "pending" },
    { status: "pending" },
    false,
  ],
  ["a higher attempt", { attempt: 2 }, { attempt: 1, sequence: 9, progress: 90 }, true],
  [
    "a lower attempt",
    { attempt: 1, sequence: 9, progress: 90 },
    { attempt: 2, sequence: 0 },
    false,
  ],
  [
    "less progress under a higher number",
    { sequence: 9, progress: 5 },
    { sequence: 3, progress: 6 },
    false,
  ],
  [
    "an earlier status",
    { status: "pending", sequence: 9 },
    { status: "processing", sequence: 3 },
    false,
  ],
  [
    "the job's end not yet",
    { sequence: 9, progress: 100 },
    { status: "completed", sequence: 3, progress: 100 },
    false,
  ],
  [
    "an end, whatever else",
    { status: "cancelled" },
    { attempt: 2, sequence: 9, progress: 90 },
    true,
  ],
])("a row with %s: caught up or not", (_, row, worker, expected) => {
  expect(hasCaughtUp(aRow(row), aWorkerJob(worker))).toBe(expected);
});

const shown = (fields: Partial<Job>, source: JobView["source"] = "convex"): JobView => ({
  ...aRow(fields),
  source,
});

test("a newer row is shown, an older one or the same is not", () => {
  const view = shown({ updatedAt: 20, progress: 20 });
  const row = (updatedAt: number) => ({ source: "convex-http", job: aRow({ updatedAt }) }) as const;
  expect(handleJobResult(view, row(19))).toBe(view);
  expect(handleJobResult(view, row(20))).toBe(view);
  expect(handleJobResult(view, row(21))).toEqual({
    ...aRow({ updatedAt: 21 }),
    source: "convex-http",
  });
});

test("a worker's answer keeps what only Convex knows, and what the user gave", () => {
  const made = { userId: "me", fileName: "talk.mp3", fileSize: 9, createdAt: 5, pageCount: 2 };
  const view = shown({ ...made, stalledAt: 7, message: "old", sequence: 1 });
  const job = aWorkerJob({
    sequence: 2,
    progress: 30,
    stage: "decoding",
    createdAt: 6,
    fileName: "x",
  });
  const next = handleJobResult(view, { source: "worker", job });
  expect(next).toMatchObject({ ...made, progress: 30, stage: "decoding", source: "worker" });
  expect(next).not.toHaveProperty("message");
  expect(next).not.toHaveProperty("stalledAt");
});

test.each<[string, Partial<WorkerJob>]>([
  ["older than the view", { sequence: 4, progress: 40 }],
  ["as old as the view", { sequence: 5, progress: 50 }],
  ["of an earlier attempt", { attempt: 1, sequence: 9, progress: 90 }],
])("a worker's answer %s changes nothing", (_, job) => {
  const view = shown({ attempt: 2, sequence: 5, progress: 50, status: "processing" });
  const result = { source: "worker", job: aWorkerJob({ attempt: 2, ...job }) } as const;
  expect(handleJobResult(view, result)).toBe(view);
});

test("a worker's new attempt begins from nothing", () => {
  const view = shown({ sequence: 5, progress: 50, status: "processing", fileName: "a.mp3" });
  const job = aWorkerJob({ attempt: 2, sequence: 0, progress: 0 });
  expect(handleJobResult(view, { source: "worker", job })).toMatchObject({
    ...{ attempt: 2, sequence: 0, progress: 0, status: "pending", fileName: "a.mp3" },
  });
});

test("of a worker's answer with a lower number but more progress only the progress counts", () => {
  const view = shown({ sequence: 9, progress: 40, status: "processing", message: "newest" });
  const job = aWorkerJob({ sequence: 5, progress: 50, status: "processing", message: "older" });
  expect(handleJobResult(view, { source: "worker", job })).toMatchObject({
    ...{ sequence: 9, progress: 50, message: "newest", source: "worker" },
  });
});

test("a job that the worker has completed does not reopen, whatever number the row has", () => {
  const job = aWorkerJob({ status: "completed", progress: 100, sequence: 9, completedAt: 77 });
  const done = handleJobResult(shown({ sequence: 8, status: "processing", progress: 90 }), {
    source: "worker",
    job,
  });
  expect(done).toMatchObject({ status: "completed", completedAt: 77, source: "worker" });
  const renumbered = aRow({ sequence: 12, status: "processing", progress: 95, updatedAt: 999 });
  expect(handleJobResult(done, { source: "convex", job: renumbered })).toBe(done);
  const row = aRow({ sequence: 13, status: "completed", progress: 100, updatedAt: 1_000 });
  expect(handleJobResult(done, { source: "convex", job: row })).toEqual({
    ...row,
    source: "convex",
  });
});

test("a job that its user has cancelled is not what the worker says", () => {
  const view = shown({ status: "cancelled", endedBy: "user", progress: 10 });
  const job = aWorkerJob({ status: "completed", progress: 100, sequence: 9, attempt: 3 });
  expect(handleJobResult(view, { source: "worker", job })).toBe(view);
});

test("a worker's end counts whole, even under a lower number than the row's", () => {
  const view = shown({ sequence: 12, status: "processing", progress: 95, message: "Soon" });
  const job = aWorkerJob({ status: "failed", error: "No speech.", sequence: 9, completedAt: 77 });
  const next = handleJobResult(view, { source: "worker", job });
  expect(next).toMatchObject({ status: "failed", error: "No speech.", completedAt: 77 });
  expect(next).toMatchObject({ sequence: 12, progress: 95 });
  expect(next).not.toHaveProperty("message");
});
