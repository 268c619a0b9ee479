import { expect, test } from "vitest";
import { Page } from "./support/page";

const MINUTE = 60_000;
const WORST_CASE = 40_000;

/** Requests in each minute, the first of them from 0 on. */
function perMinute(times: number[], minutes: number): number[] {
  const counts = new Array<number>(minutes).fill(0);
  for (const at of times) {
    const minute = Math.floor(at / MINUTE);
    if (minute < minutes) counts[minute] = (counts[minute] ?? 0) + 1;
  }
  return counts;
}

test("the worker cannot reach Convex for ten minutes: the page asks it, seldom, and is right", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  await page.worker.report(jobId, { status: "processing", progress: 1 });
  await page.until(() => page.view(jobId).progress === 1);
  const cutAt = page.clock.now();
  for (let change = 1; change <= 14; change += 1) {
    const progress = 1 + change * 7;
    page.worker.know(jobId, { status: "processing", progress });
    await page.pass(WORST_CASE);
    expect(page.view(jobId)).toMatchObject({ progress, source: "worker" });
    expect(page.clock.timers).toBe(1);
  }
  await page.pass(10 * MINUTE - 14 * WORST_CASE);
  const times = page.requests(cutAt);
  expect(times.length).toBeLessThanOrEqual(60);
  expect(Math.max(...perMinute(times, 10))).toBeLessThanOrEqual(6);
  // Convex is asked whether it knows more, ever more seldom.
  const reads = page.line.requests.map(({ at }) => at - cutAt);
  expect(reads).toEqual([30, 60, 120, 240, 480].map((seconds) => seconds * 1_000));
  expect(page.syncs).toEqual(["live", "worker-silent"]);

  await page.worker.report(jobId, { status: "completed" });
  await page.until(() => page.view(jobId).source === "convex");
  expect(page.view(jobId)).toMatchObject({ status: "completed", progress: 100 });
  expect(page.clock.timers).toBe(1);
  await page.pass(5 * MINUTE);
  expect(page.requests(cutAt)).toEqual(times);
  expect(page.syncs).toEqual(["live", "worker-silent", "recovered", "live"]);
  expect(page.clock.timers).toBe(0);
  expect(page.completed).toEqual([jobId]);
});

test("a job that ends at the worker alone is shown so, told once, and asked about no more", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  await page.worker.report(jobId, { status: "processing", progress: 1 });
  await page.until(() => page.view(jobId).progress === 1);
  page.worker.know(jobId, { status: "completed" });
  await page.pass(WORST_CASE);
  expect(page.view(jobId)).toMatchObject({ status: "completed", source: "worker" });
  const asked = page.worker.requests.length;
  await page.pass(10 * MINUTE);
  expect(page.worker.requests).toHaveLength(asked);
  expect(page.sync).toBe("worker-silent");
  await page.worker.post(jobId);
  await page.until(() => page.view(jobId).source === "convex");
  await page.pass(MINUTE);
  expect(page.completed).toEqual([jobId]);
  expect(page.sync).toBe("live");
});

test("three silent jobs are asked about in one round, by one timer", async () => {
  const [page, ...jobIds] = await Page.withJobs(3);
  for (const jobId of jobIds) page.worker.know(jobId, { status: "processing", progress: 5 });
  await page.pass(MINUTE * 3);
  const rounds = new Set(page.worker.requests.map(({ at }) => at));
  expect(page.worker.requests).toHaveLength(rounds.size * 3);
  const times = [...rounds];
  for (const [index, at] of times.entries()) {
    const before = times[index - 1];
    if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(10_000);
  }
  expect(page.clock.timers).toBe(1);
  for (const jobId of jobIds) expect(page.view(jobId).progress).toBe(5);
});

test("one silent job among healthy ones is asked about, the others are not", async () => {
  const [page, silent = "", healthy = ""] = await Page.withJobs(2);
  page.worker.know(silent, { status: "processing", progress: 33 });
  for (let progress = 1; progress <= 6; progress += 1) {
    await page.worker.report(healthy, { status: "processing", progress });
    await page.until(() => page.view(healthy).progress === progress);
    await page.pass(10_000);
  }
  expect(page.view(silent)).toMatchObject({ progress: 33, source: "worker" });
  expect(new Set(page.worker.requests.map(({ path }) => path))).toEqual(
    new Set([`/job/${silent}`]),
  );
  expect(page.line.requests).toEqual([]);
  expect(page.sync).toBe("worker-silent");
});

test("a job that the backend marked as stalled is asked about at once", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.worker.know(jobId, { status: "processing", progress: 20 });
  await page.pass(1_000);
  expect(page.requests()).toEqual([]);
  page.rewrite = (row) => ({ ...row, stalledAt: row.updatedAt + 120_000 });
  await page.push();
  await page.idle();
  expect(page.worker.requests).toHaveLength(1);
  expect(page.view(jobId)).toMatchObject({ progress: 20, source: "worker" });
  expect(page.sync).toBe("worker-silent");
});

test("a ticket that the worker refuses is asked for anew", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.worker.know(jobId, { status: "processing", progress: 20 });
  await page.pass(30_000);
  expect(page.view(jobId).progress).toBe(20);
  page.worker.rotateKey();
  // Tickets of the same second are the same.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  page.worker.know(jobId, { status: "processing", progress: 30 });
  await page.pass(WORST_CASE);
  expect(page.view(jobId).progress).toBe(30);
  expect(page.worker.tickets.size).toBe(2);
});
