import { expect, test } from "vitest";
import type { UsePersistentTranscriptionOptions } from "../../src/transcription";
import { eventually, postUpdate } from "../support/backend";
import { renderPage } from "./support";
import { createHistory, createJob, newSubject, postProgress } from "./support/jobs";
import { ConvexLine } from "./support/convexLine";
import { startWorker } from "./support/worker";

/** Callbacks that write down what they were told, new functions each time. */
function listener(told: string[], prefix = ""): Partial<UsePersistentTranscriptionOptions> {
  return {
    onJobComplete: ({ status }) => told.push(`${prefix}complete ${status}`),
    onJobError: ({ error }) => told.push(`${prefix}error ${error ?? ""}`),
    onJobProgress: ({ progress }) => told.push(`${prefix}progress ${progress}`),
  };
}

test("each change of a job is told of once, however often the page renders", async () => {
  const subject = newSubject();
  const told: string[] = [];
  const { result, rerender } = renderPage({ subject, options: listener(told) });
  await eventually(() => {
    expect(result.current.finishedJobs.status).toBe("success");
  });
  const [good, bad] = [await createJob(subject), await createJob(subject)];
  await eventually(() => {
    expect(result.current.activeJobs).toMatchObject({ data: [{}, {}] });
  });
  await postProgress(good, 10);
  await eventually(() => {
    expect(told).toEqual(["progress 10"]);
  });
  for (let renders = 0; renders < 3; renders += 1) rerender(listener(told));
  // A sign of life moves nothing.
  await postUpdate({ jobId: good, status: "processing", progress: 10, sequence: 11 });
  await postUpdate({ jobId: bad, status: "failed", error: "broken", sequence: 1 });
  await eventually(() => {
    expect(told).toEqual(["progress 10", "error broken"]);
  });
  rerender(listener(told));
  await postUpdate({ jobId: good, status: "completed", sequence: 12 });
  await postUpdate({ jobId: good, status: "completed", sequence: 13 });
  await eventually(() => {
    expect(told).toEqual(["progress 10", "error broken", "complete completed"]);
  });
  for (let renders = 0; renders < 3; renders += 1) rerender(listener(told));
  await result.current.cancelTranscription(await createJob(subject));
  await eventually(() => {
    expect(result.current.stats).toMatchObject({ data: { cancelled: 1 } });
    expect(result.current.finishedJobs.results).toHaveLength(3);
  });
  expect(told).toHaveLength(3);
});

test("the callbacks of the last render are called, and no others", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const told: string[] = [];
  const { result, rerender } = renderPage({ subject, options: listener(told, "old ") });
  await eventually(() => {
    expect(result.current.getJob(jobId)).not.toBeNull();
  });
  rerender(listener(told, "new "));
  await postProgress(jobId, 10);
  await eventually(() => {
    expect(told).toEqual(["new progress 10"]);
  });
  rerender({});
  await postProgress(jobId, 20);
  await eventually(() => {
    expect(result.current.getJob(jobId)?.progress).toBe(20);
  });
  rerender(listener(told, "newest "));
  await postProgress(jobId, 30);
  await eventually(() => {
    expect(told).toEqual(["new progress 10", "newest progress 30"]);
  });
});

test("what ended before the page opened is told of never, also not when it is loaded later", async () => {
  const subject = newSubject();
  await createHistory(subject, 25);
  const jobId = await createJob(subject);
  const told: string[] = [];
  const { result } = renderPage({ subject, options: listener(told) });
  await eventually(() => {
    expect(result.current.finishedJobs).toMatchObject({ more: "available" });
  });
  result.current.finishedJobs.loadMore(20);
  await eventually(() => {
    expect(result.current.finishedJobs.results).toHaveLength(25);
  });
  await postUpdate({ jobId, status: "completed", sequence: 1 });
  await eventually(() => {
    expect(told).toEqual(["complete completed"]);
  });
  expect(result.current.finishedJobs.results).toHaveLength(26);
});

test("a page that is closed and opened again begins anew", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const told: string[] = [];
  const first = renderPage({ subject, options: listener(told, "first ") });
  await eventually(() => {
    expect(first.result.current.getJob(jobId)).not.toBeNull();
    expect(first.result.current.finishedJobs.status).toBe("success");
  });
  first.unmount();
  await postUpdate({ jobId, status: "completed", sequence: 1 });
  const second = renderPage({ subject, options: listener(told, "second ") });
  await eventually(() => {
    expect(second.result.current.finishedJobs.results).toHaveLength(1);
  });
  const next = await createJob(subject);
  await eventually(() => {
    expect(second.result.current.getJob(next)).not.toBeNull();
  });
  await postUpdate({ jobId: next, status: "completed", sequence: 1 });
  await eventually(() => {
    expect(told).toEqual(["second complete completed"]);
  });
});

test("what the worker said first is not told again when Convex catches up", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const worker = await startWorker();
  worker.jobs.set(jobId, { status: "processing", progress: 40, sequence: 4 });
  const told: string[] = [];
  const { result } = renderPage({
    subject,
    options: { ...listener(told), apiBaseUrl: worker.url, stuckAfter: 200, pollInterval: 20 },
  });
  await eventually(() => {
    expect(told).toEqual(["progress 40"]);
  });
  worker.jobs.set(jobId, { status: "completed", progress: 100, sequence: 5 });
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ status: "completed", source: "worker" });
  });
  await postUpdate({ jobId, status: "processing", progress: 40, sequence: 4 });
  await postUpdate({ jobId, status: "completed", sequence: 5 });
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ status: "completed", source: "convex" });
    expect(result.current.sync).toBe("live");
  });
  expect(told).toEqual(["progress 40", "complete completed"]);
});

test("what was read over HTTP is not told again by the socket, and what it missed is told", async () => {
  const subject = newSubject();
  const [seen, missed] = [await createJob(subject), await createJob(subject)];
  const line = await new ConvexLine().open();
  const told: string[] = [];
  const { result } = renderPage({ subject, url: line.url, options: listener(told) });
  await eventually(() => {
    expect(result.current.activeJobs).toMatchObject({ data: [{}, {}] });
  });
  line.cutSockets();
  await postUpdate({ jobId: seen, status: "completed", sequence: 1 });
  await eventually(() => {
    expect(told).toEqual(["complete completed"]);
    expect(result.current.getJob(seen)).toMatchObject({ source: "convex-http" });
  });
  await postUpdate({ jobId: missed, status: "failed", error: "broken", sequence: 1 });
  line.mend();
  await eventually(() => {
    expect(result.current.getJob(missed)).toMatchObject({ status: "failed", source: "convex" });
    expect(result.current.getJob(seen)).toMatchObject({ source: "convex" });
  });
  expect(told).toEqual(["complete completed", "error broken"]);
});
