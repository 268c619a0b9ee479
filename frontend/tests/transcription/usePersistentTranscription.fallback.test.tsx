import { expect, test } from "vitest";
import type { PersistentTranscription } from "../../src/transcription";
import { eventually, postUpdate } from "../support/backend";
import { renderPage } from "./support";
import type { Shown } from "./support";
import { createFinished, createHistory, createJob, newSubject, postProgress } from "./support/jobs";
import { ConvexLine } from "./support/convexLine";
import { startWorker } from "./support/worker";

type Page = Shown<PersistentTranscription>[];

/** What was shown one after another, without repetitions. */
function changes<T>(values: T[]): T[] {
  return values.filter((value, at) => value !== values[at - 1]);
}

function expectForwards(shown: Page, jobId: string): void {
  const progress = shown.flatMap(({ value }) => value.getJob(jobId)?.progress ?? []);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
}

test("a healthy session asks nobody anything", async () => {
  const subject = newSubject();
  const worker = await startWorker();
  const line = await new ConvexLine().open();
  const jobIds = [await createJob(subject), await createJob(subject), await createJob(subject)];
  const { result, shown } = renderPage({
    subject,
    url: line.url,
    options: { apiBaseUrl: worker.url },
  });
  for (const progress of [10, 40, 70]) {
    for (const jobId of jobIds) await postProgress(jobId, progress);
  }
  for (const jobId of jobIds) await postUpdate({ jobId, status: "completed", sequence: 100 });
  await eventually(() => {
    expect(result.current.finishedJobs.results).toHaveLength(3);
  });
  expect(worker.received).toEqual([]);
  expect(line.requests).toEqual([]);
  expect(line.opened).toBe(1);
  expect(changes(shown.map(({ value }) => value.sync))).toEqual(["live"]);
});

test("where the worker is silent its API is asked, until Convex has caught up", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  await postProgress(jobId, 10);
  const worker = await startWorker();
  worker.jobs.set(jobId, { status: "processing", progress: 40, sequence: 40, stage: "decoding" });
  const line = await new ConvexLine().open();
  const { result, shown } = renderPage({
    subject,
    url: line.url,
    options: { apiBaseUrl: worker.url, stuckAfter: 200, pollInterval: 20 },
  });
  await eventually(() => {
    expect(result.current.sync).toBe("worker-silent");
    expect(result.current.getJob(jobId)).toMatchObject({
      progress: 40,
      stage: "decoding",
      source: "worker",
      fileName: `${jobId}.mp3`,
    });
  });
  worker.jobs.set(jobId, { status: "processing", progress: 50, sequence: 50 });
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ progress: 50, source: "worker" });
  });
  expect(worker.received[0]).toMatchObject({ method: "GET", path: `/job/${jobId}` });

  // Late news of what is shown already, then all of it.
  await postProgress(jobId, 30);
  await postUpdate({ jobId, status: "completed", sequence: 60 });
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ status: "completed", source: "convex" });
    expect(result.current.sync).toBe("live");
  });
  expectForwards(shown, jobId);
  const syncs = changes(shown.map(({ value }) => value.sync));
  expect(syncs[0]).toBe("live");
  expect(syncs.slice(-3)).toEqual(["worker-silent", "recovered", "live"]);
  const asked = worker.received.length;
  await postProgress(await createJob(subject), 1);
  await eventually(() => {
    expect(result.current.activeJobs).toMatchObject({ data: [{ progress: 1 }] });
  });
  expect(worker.received).toHaveLength(asked);
});

test("an API that does not answer is shown, and all that Convex knows as well", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const { result } = renderPage({ subject, options: { stuckAfter: 100, pollInterval: 20 } });
  await eventually(() => {
    expect(result.current).toMatchObject({
      sync: "worker-silent",
      apiError: { name: "TranscriptionError", code: "api_unreachable" },
    });
  });
  expect(result.current.getJob(jobId)).toMatchObject({ status: "pending", source: "convex" });
});

test("while the socket is cut Convex is read over HTTP, until it is back", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const worker = await startWorker();
  const line = await new ConvexLine().open();
  const { result, shown, clients } = renderPage({
    subject,
    url: line.url,
    options: { apiBaseUrl: worker.url },
  });
  await eventually(() => {
    expect(result.current.getJob(jobId)).not.toBeNull();
  });
  line.cutSockets();
  await postProgress(jobId, 30);
  await eventually(() => {
    expect(result.current.sync).toBe("convex-unreachable");
    expect(result.current.getJob(jobId)).toMatchObject({ progress: 30, source: "convex-http" });
  });
  const madeElsewhere = await createJob(subject);
  await postUpdate({ jobId, status: "completed", sequence: 31 });
  await eventually(() => {
    expect(result.current.getJob(madeElsewhere)).toMatchObject({ source: "convex-http" });
    expect(result.current.finishedJobs.results).toMatchObject([
      { jobId, status: "completed", source: "convex-http" },
    ]);
  });
  // What a person does meanwhile goes over HTTP, too.
  await result.current.cancelTranscription(madeElsewhere);
  expect(line.requests.map(({ path }) => path)).toContain("/api/mutation");

  line.mend();
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ source: "convex" });
    expect(result.current.getJob(madeElsewhere)).toMatchObject({ status: "cancelled" });
    expect(result.current.sync).toBe("recovered");
  });
  expectForwards(shown, jobId);
  const read = line.requests.length;
  await eventually(() => {
    expect(result.current.sync).toBe("live");
  });
  expect(line.requests).toHaveLength(read);
  expect(changes(shown.map(({ value }) => value.sync))).toEqual([
    "live",
    "convex-unreachable",
    "recovered",
    "live",
  ]);
  const statuses = changes(shown.map(({ value }) => value.activeJobs.status));
  expect(statuses).toEqual(["loading", "success"]);
  expect(worker.received).toEqual([]);
  expect(new Set(clients.filter((client) => client.connectionState().hasEverConnected)).size).toBe(
    1,
  );
});

test("a page that opens while no socket can be opened shows the jobs anyway", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  await postProgress(jobId, 20);
  const finishedId = await createFinished(subject);
  const line = await new ConvexLine().open();
  line.cutSockets();
  const { result } = renderPage({ subject, url: line.url });
  await eventually(() => {
    expect(result.current.sync).toBe("convex-unreachable");
    expect(result.current.activeJobs).toMatchObject({
      status: "success",
      data: [{ jobId, progress: 20, source: "convex-http" }],
    });
  });
  line.mend();
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ source: "convex" });
    expect(result.current.finishedJobs.results).toMatchObject([{ jobId: finishedId }]);
  });
});

test("a client whose socket is mute is replaced, and nobody sees it happen", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const history = await createHistory(subject, 25);
  const worker = await startWorker();
  const line = await new ConvexLine().open();
  const told: string[] = [];
  const { result, shown, clients } = renderPage({
    subject,
    url: line.url,
    options: {
      apiBaseUrl: worker.url,
      stuckAfter: 500,
      onJobProgress: ({ progress }) => told.push(`${progress}`),
      onJobComplete: ({ status }) => told.push(status),
    },
  });
  await eventually(() => {
    expect(result.current.getJob(jobId)).not.toBeNull();
    expect(result.current.finishedJobs).toMatchObject({ more: "available" });
  });
  result.current.finishedJobs.loadMore(20);
  await eventually(() => {
    expect(result.current.finishedJobs.results).toHaveLength(25);
  });
  const firstAt = shown.length - 1;
  const made = clients.length;
  const first = clients.find((client) => client.connectionState().hasEverConnected);
  line.mute();
  await postProgress(jobId, 30);
  await eventually(() => {
    expect(result.current).toMatchObject({ sync: "convex-unreachable" });
    expect(result.current.getJob(jobId)).toMatchObject({ progress: 30, source: "convex-http" });
  });
  await eventually(() => {
    expect(line.opened).toBe(2);
    expect(result.current.getJob(jobId)).toMatchObject({ progress: 30, source: "convex" });
  });
  expect(clients.length).toBeGreaterThan(made);
  expect(() => first?.connectionState()).toThrow("closed");
  for (const { value } of shown.slice(firstAt)) {
    expect(value.activeJobs.status).toBe("success");
    expect(value.finishedJobs.status).toBe("success");
    expect(value.finishedJobs.results).toHaveLength(25);
    expect(value.stats.status).toBe("success");
  }
  // The new client does all that the old one did.
  await postProgress(jobId, 60);
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ progress: 60, source: "convex" });
  });
  await result.current.removeTranscription(history[0] ?? "");
  await postUpdate({ jobId, status: "completed", sequence: 100 });
  await eventually(() => {
    expect(result.current.finishedJobs.results).toHaveLength(25);
    expect(result.current.finishedJobs.results[0]).toMatchObject({ jobId, status: "completed" });
  });
  expectForwards(shown, jobId);
  expect(told).toEqual(["30", "60", "completed"]);
});
