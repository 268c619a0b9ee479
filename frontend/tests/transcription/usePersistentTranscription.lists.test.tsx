import { expect, test } from "vitest";
import { eventually, postUpdate } from "../support/backend";
import { renderPage } from "./support";
import {
  cancelElsewhere,
  createFinished,
  createHistory,
  createJob,
  newSubject,
  postProgress,
  removeElsewhere,
} from "./support/jobs";
import { tapSockets } from "./support/sockets";

test("what a query says goes from loading to success, and never back", async () => {
  const subject = newSubject();
  const [finishedId, activeId] = [await createFinished(subject), await createJob(subject)];
  const { result, shown } = renderPage({ subject });
  await eventually(() => {
    expect(result.current.stats.status).toBe("success");
  });
  await postProgress(activeId, 10);
  await eventually(() => {
    expect(result.current.getJob(activeId)?.progress).toBe(10);
  });

  const statuses = shown.map(({ value }) => [
    value.activeJobs.status,
    value.finishedJobs.status,
    value.stats.status,
  ]);
  for (const column of [0, 1, 2]) {
    const changes = statuses
      .map((row) => row[column])
      .filter((status, at, all) => status !== all[at - 1]);
    expect(changes).toEqual(["loading", "success"]);
  }
  expect(shown[0]?.value.finishedJobs.results).toEqual([]);
  expect(result.current).toMatchObject({ sync: "live", apiError: null });
  expect(result.current.activeJobs).toMatchObject({
    data: [{ jobId: activeId, source: "convex" }],
  });
  expect(result.current.finishedJobs).toMatchObject({
    more: "none",
    results: [{ jobId: finishedId, status: "completed", source: "convex" }],
  });
  expect(result.current.stats).toMatchObject({
    data: { active: 1, completed: 1, failed: 0, cancelled: 0 },
  });
});

test("a job moves from the active to the finished ones, and the counts with it", async () => {
  const subject = newSubject();
  const { result, shown } = renderPage({ subject });
  await eventually(() => {
    expect(result.current.activeJobs).toEqual({ status: "success", data: [] });
  });
  const jobId = await createJob(subject);
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ status: "pending", progress: 0 });
  });
  for (const progress of [5, 20, 60, 95]) {
    await postProgress(jobId, progress, { stage: "transcribing" });
    await eventually(() => {
      expect(result.current.getJob(jobId)).toMatchObject({ progress, stage: "transcribing" });
    });
  }
  await postUpdate({ jobId, status: "completed", sequence: 100, result: { text: "Hello" } });
  await eventually(() => {
    expect(result.current.finishedJobs.results).toMatchObject([
      { jobId, status: "completed", progress: 100, result: { text: "Hello" } },
    ]);
    expect(result.current.stats).toMatchObject({ data: { active: 0, completed: 1 } });
  });
  expect(result.current.activeJobs).toEqual({ status: "success", data: [] });

  // From its creation on it was in one list or the other, never in both, never in none.
  const places = shown.map(({ value: { activeJobs, finishedJobs } }) => {
    const active = activeJobs.status === "success" ? activeJobs.data.length : 0;
    return `${active} ${finishedJobs.results.length}`;
  });
  expect(places.filter((place, at) => place !== places[at - 1])).toEqual(["0 0", "1 0", "0 1"]);
});

test("of a page that was there all along no view runs backwards, whatever order updates come in", async () => {
  const subject = newSubject();
  const jobId = await createJob(subject);
  const { result, shown } = renderPage({ subject });
  await eventually(() => {
    expect(result.current.getJob(jobId)).not.toBeNull();
  });
  for (const sequence of [3, 1, 7, 2, 9, 8, 4]) {
    await postUpdate({ jobId, status: "processing", progress: sequence * 10, sequence });
  }
  await postUpdate({ jobId, status: "failed", error: "broken", sequence: 10 });
  await postUpdate({ jobId, status: "processing", progress: 50, sequence: 5 });
  await eventually(() => {
    expect(result.current.getJob(jobId)).toMatchObject({ status: "failed", error: "broken" });
  });

  const views = shown.map(({ value }) => value.getJob(jobId)).filter((job) => job !== null);
  const ranks = views.map(({ status }) => ["pending", "processing", "failed"].indexOf(status));
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  expect(new Set(ranks).size).toBeGreaterThan(1);
  const progress = views.map((job) => job.progress);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(progress.at(-1)).toBe(90);
});

test("what another page of the user does is shown", async () => {
  const subject = newSubject();
  const [older, newer] = [await createJob(subject), await createJob(subject)];
  const { result } = renderPage({ subject });
  await eventually(() => {
    expect(result.current.activeJobs).toMatchObject({ data: [{ jobId: newer }, { jobId: older }] });
  });
  await cancelElsewhere(subject, older);
  await eventually(() => {
    expect(result.current.getJob(older)).toMatchObject({ status: "cancelled", endedBy: "user" });
  });
  expect(result.current.activeJobs).toMatchObject({ data: [{ jobId: newer }] });
  await removeElsewhere(subject, older);
  await eventually(() => {
    expect(result.current.getJob(older)).toBeNull();
  });
});

test("the history is loaded page by page, newest end first", async () => {
  const subject = newSubject();
  const jobIds = (await createHistory(subject, 65)).reverse();
  const asked: string[] = [];
  const { Socket } = tapSockets((frame) => {
    if (frame.includes("transcriptionJobs:listFinished")) asked.push(frame);
    return frame;
  });
  const { result, shown } = renderPage({ subject, Socket });
  await eventually(() => {
    expect(result.current.finishedJobs).toMatchObject({ status: "success", more: "available" });
  });
  const loaded = () => result.current.finishedJobs.results.map(({ jobId }) => jobId);
  expect(loaded()).toEqual(jobIds.slice(0, 20));

  for (const count of [40, 60]) {
    // Twice in a row, as a list that scrolls fast does: the second call has nothing to do.
    const { loadMore } = result.current.finishedJobs;
    loadMore(20);
    loadMore(5);
    await eventually(() => {
      expect(result.current.finishedJobs).toMatchObject({ more: "available" });
      expect(loaded()).toEqual(jobIds.slice(0, count));
    });
  }
  result.current.finishedJobs.loadMore(20);
  await eventually(() => {
    expect(result.current.finishedJobs).toMatchObject({ more: "none" });
    expect(loaded()).toEqual(jobIds);
  });
  expect(result.current.getJob(jobIds[64] ?? "")).toMatchObject({ status: "completed" });
  expect(result.current.stats).toMatchObject({ data: { completed: 65 } });
  const sizes = asked.flatMap((frame) => frame.match(/"numItems":\d+/g) ?? []);
  expect(sizes).toEqual(Array(4).fill('"numItems":20'));

  const lengths = shown.map(({ value }) => value.finishedJobs.results.length);
  expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
  expect(shown.map(({ value }) => value.finishedJobs)).toContainEqual(
    expect.objectContaining({ more: "loading" }),
  );
});

test("a job that ends, and one that is removed, keep a history of several pages whole", async () => {
  const subject = newSubject();
  const jobIds = (await createHistory(subject, 25)).reverse();
  const activeId = await createJob(subject);
  const { result } = renderPage({ subject });
  await eventually(() => {
    expect(result.current.finishedJobs).toMatchObject({ more: "available" });
  });
  result.current.finishedJobs.loadMore(20);
  await eventually(() => {
    expect(result.current.finishedJobs.results).toHaveLength(25);
  });
  await postUpdate({ jobId: activeId, status: "completed", sequence: 1 });
  await removeElsewhere(subject, jobIds[22] ?? "");
  await eventually(() => {
    const loaded = result.current.finishedJobs.results.map(({ jobId }) => jobId);
    expect(loaded).toEqual([activeId, ...jobIds.slice(0, 22), ...jobIds.slice(23)]);
  });
});

test("a tick renders once, and changes nothing but its job", async () => {
  const subject = newSubject();
  await createHistory(subject, 3);
  const [still, moving] = [await createJob(subject), await createJob(subject)];
  const { result, shown } = renderPage({ subject });
  await eventually(() => {
    expect(result.current).toMatchObject({
      activeJobs: { status: "success" },
      finishedJobs: { status: "success" },
      stats: { status: "success" },
    });
  });
  await postProgress(moving, 10);
  await eventually(() => {
    expect(result.current.getJob(moving)?.progress).toBe(10);
  });
  const before = result.current;
  const renders = shown.length;
  await postProgress(moving, 20);
  await eventually(() => {
    expect(result.current.getJob(moving)?.progress).toBe(20);
  });
  // What would come too much comes with the next tick at the latest.
  await postProgress(moving, 30);
  await eventually(() => {
    expect(result.current.getJob(moving)?.progress).toBe(30);
  });
  expect(shown).toHaveLength(renders + 2);
  expect(result.current.getJob(still)).toEqual(before.getJob(still));
  expect(result.current.finishedJobs.results[0]).toBe(before.finishedJobs.results[0]);
  expect(result.current.startTranscription).toBe(before.startTranscription);
  expect(result.current.cancelTranscription).toBe(before.cancelTranscription);
  expect(result.current.removeTranscription).toBe(before.removeTranscription);
  expect(result.current.finishedJobs.loadMore).toBe(before.finishedJobs.loadMore);
});
