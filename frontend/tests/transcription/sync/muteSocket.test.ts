import { expect, test } from "vitest";
import { Page } from "./support/page";

const MINUTE = 60_000;

async function mutedPage(): Promise<[Page, string]> {
  const [page, jobId = ""] = await Page.withJobs(1);
  await page.worker.report(jobId, { status: "processing", progress: 1 });
  await page.until(() => page.view(jobId).progress === 1);
  page.line.mute();
  return [page, jobId];
}

test("a socket that is mute is found out after stuckAfter, and the client is replaced once", async () => {
  const [page, jobId] = await mutedPage();
  const mutedAt = page.clock.now();
  await page.worker.report(jobId, { status: "processing", progress: 2 });
  await page.pass(29_000);
  expect(page.requests()).toEqual([]);
  await page.pass(1_000);
  expect(page.view(jobId)).toMatchObject({ progress: 2, source: "convex-http" });
  expect(page.sync).toBe("convex-unreachable");
  await page.pass(5_000);
  expect(page.replacedAt).toEqual([mutedAt + 35_000]);
  await page.connected();
  await page.until(() => page.view(jobId).source === "convex");
  expect(page.view(jobId).progress).toBe(2);

  for (let progress = 3; progress <= 10; progress += 1) {
    await page.worker.report(jobId, { status: "processing", progress });
    await page.until(() => page.view(jobId).progress === progress);
    await page.pass(10_000);
  }
  expect(page.replacedAt).toHaveLength(1);
  expect(page.syncs).toEqual(["live", "convex-unreachable", "recovered", "live"]);
  expect(page.completed).toEqual([]);
});

test("a client that is no better is replaced again, but not within stuckAfter", async () => {
  const [page, jobId] = await mutedPage();
  page.line.mutesAll = true;
  for (let progress = 2; progress <= 40; progress += 1) {
    await page.worker.report(jobId, { status: "processing", progress });
    await page.pass(5_000);
  }
  expect(page.view(jobId)).toMatchObject({ progress: 40, source: "convex-http" });
  expect(page.replacedAt.length).toBeGreaterThan(1);
  const pauses = page.replacedAt.slice(1).map((at, index) => at - (page.replacedAt[index] ?? 0));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(30_000);
  page.line.mutesAll = false;
  await page.pass(MINUTE);
  await page.connected();
  await page.until(() => page.view(jobId).source === "convex");
});

test("silence that Convex over HTTP knows nothing of either is the worker's", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.worker.know(jobId, { status: "processing", progress: 8 });
  await page.pass(30_000);
  expect(page.line.requests).toHaveLength(1);
  expect(page.syncs).toEqual(["live", "worker-silent"]);
  await page.pass(5 * MINUTE);
  expect(page.replacedAt).toEqual([]);
  expect(page.view(jobId)).toMatchObject({ progress: 8, source: "worker" });
});

test("both at once: a mute socket cannot keep the worker from being asked for ever", async () => {
  const [page, jobId] = await mutedPage();
  page.worker.know(jobId, { status: "processing", progress: 8 });
  await page.pass(MINUTE);
  expect(page.worker.requests).toEqual([]);
  expect(page.session.fallback.getSnapshot().apiError?.code).toBe("convex_unreachable");
});

test("without a token for HTTP a silence is the worker's, as far as anybody knows", async () => {
  const [page, jobId = ""] = await Page.withJobs(1, { hasToken: false });
  page.worker.know(jobId, { status: "processing", progress: 8 });
  await page.pass(5 * MINUTE);
  expect(page.line.requests).toEqual([]);
  expect(page.view(jobId).progress).toBe(8);
  expect(page.sync).toBe("worker-silent");
});
