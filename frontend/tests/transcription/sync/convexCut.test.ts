import { expect, test } from "vitest";
import { cancelElsewhere, createJob, removeElsewhere } from "../support/jobs";
import { Page } from "./support/page";

const MINUTE = 60_000;

async function cut(page: Page): Promise<void> {
  page.line.cutSockets();
  await page.connected(false);
  await page.until(() => page.sync === "convex-unreachable");
  await page.idle();
}

test("the socket is cut and HTTP works: Convex is read at once and every 5 s, the worker is not asked", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  await page.worker.report(jobId, { status: "processing", progress: 1 });
  await page.until(() => page.view(jobId).progress === 1);
  const cutAt = page.clock.now();
  await cut(page);
  expect(page.requests(cutAt)).toEqual([0]);
  for (let progress = 2; progress <= 11; progress += 1) {
    await page.worker.report(jobId, { status: "processing", progress });
    await page.pass(10_000);
    expect(page.view(jobId)).toMatchObject({ progress, source: "convex-http" });
  }
  expect(page.line.requests.map(({ at }) => at - cutAt)).toEqual(
    Array.from({ length: 21 }, (_, round) => round * 5_000),
  );
  expect(page.worker.requests).toEqual([]);
  expect(page.clock.timers).toBe(1);

  await page.worker.report(jobId, { status: "processing", progress: 12 });
  page.line.mend();
  await page.connected();
  await page.until(() => page.view(jobId).source === "convex");
  expect(page.view(jobId).progress).toBe(12);
  await page.until(() => page.sync === "recovered");
  const asked = page.requests().length;
  await page.pass(20_000);
  expect(page.requests()).toHaveLength(asked);
  expect(page.syncs).toEqual(["live", "convex-unreachable", "recovered", "live"]);
});

test("jobs that end, begin, begin and end, or are removed meanwhile are shown right", async () => {
  const [page, ending = "", removed = "", moving = ""] = await Page.withJobs(3);
  await cut(page);
  await page.worker.report(ending, { status: "completed" });
  await cancelElsewhere(page.subject, removed);
  await removeElsewhere(page.subject, removed);
  const begun = await createJob(page.subject);
  const short = await createJob(page.subject);
  await page.worker.report(moving, { status: "processing", progress: 7 });
  await page.pass(5_000);
  expect(ids(page)).toEqual([[short, begun, moving], [ending]]);
  expect(page.view(moving).progress).toBe(7);
  expect(page.completed).toEqual([ending]);

  await page.worker.report(short, { status: "completed" });
  await page.pass(5_000);
  expect(ids(page)).toEqual([
    [begun, moving],
    [short, ending],
  ]);
  expect(page.completed).toEqual([ending, short]);

  page.line.mend();
  await page.connected();
  await page.until(() => page.view(ending).source === "convex");
  expect(ids(page)).toEqual([
    [begun, moving],
    [short, ending],
  ]);
  expect(page.completed).toEqual([ending, short]);
});

test("a job that begins and ends while the socket is cut is shown to have ended, with no other there", async () => {
  const [page] = await Page.withJobs(0);
  await cut(page);
  const jobId = await createJob(page.subject);
  await page.pass(5_000);
  expect(ids(page)).toEqual([[jobId], []]);
  await page.worker.report(jobId, { status: "completed" });
  await page.pass(5_000);
  expect(ids(page)).toEqual([[], [jobId]]);
  expect(page.completed).toEqual([jobId]);
});

test("a page whose socket never opens reads its jobs over HTTP after a moment", async () => {
  const page = new Page();
  const jobId = await createJob(page.subject);
  page.line.sockets = "refused";
  await page.open();
  await page.pass(4_000);
  expect(page.requests()).toEqual([]);
  await page.pass(1_000);
  expect(page.view(jobId).source).toBe("convex-http");
  expect(page.sync).toBe("convex-unreachable");
});

test("nothing of Convex can be reached: stuck jobs are asked about with the ticket of before", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.worker.know(jobId, { status: "processing", progress: 20 });
  await page.pass(30_000);
  expect(page.view(jobId).progress).toBe(20);
  page.line.cutAll();
  await page.connected(false);
  page.worker.know(jobId, { status: "processing", progress: 40 });
  await page.pass(2 * MINUTE);
  expect(page.sync).toBe("convex-unreachable");
  expect(page.view(jobId)).toMatchObject({ progress: 40, source: "worker" });
  page.line.mend();
  await page.connected();
  await page.worker.post(jobId);
  await page.until(() => page.view(jobId).source === "convex");
  await page.pass(10_000);
  expect(page.sync).toBe("live");
});

test("nothing of Convex can be reached, and no ticket is known: nothing is thrown, nothing hangs", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.line.cutAll();
  await page.connected(false);
  await page.pass(2 * MINUTE);
  const { sync, apiError } = page.session.fallback.getSnapshot();
  expect([sync, apiError?.code]).toEqual(["convex-unreachable", "convex_unreachable"]);
  expect(page.worker.requests).toEqual([]);
  page.worker.know(jobId, { status: "processing", progress: 40 });
  page.line.mend();
  await page.connected();
  await page.pass(90_000);
  expect(page.view(jobId)).toMatchObject({ progress: 40, source: "worker" });
});

test("a token that never comes does not end the reading for good", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  const { token } = page;
  page.token = () => new Promise(() => undefined);
  page.line.cutSockets();
  await page.connected(false);
  await page.pass(1_000);
  expect(page.requests()).toEqual([]);
  page.token = token;
  await page.worker.report(jobId, { status: "processing", progress: 3 });
  await page.pass(15_000);
  expect(page.view(jobId)).toMatchObject({ progress: 3, source: "convex-http" });
});

test("a token that never comes does not keep the worker from being asked", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.worker.know(jobId, { status: "processing", progress: 20 });
  await page.pass(30_000);
  expect(page.view(jobId).progress).toBe(20);
  page.token = () => new Promise(() => undefined);
  page.line.cutSockets();
  await page.connected(false);
  page.worker.know(jobId, { status: "processing", progress: 40 });
  await page.pass(MINUTE);
  expect(page.view(jobId)).toMatchObject({ progress: 40, source: "worker" });
});

test("a slow reading that a push has overtaken changes nothing", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.line.http = "held";
  page.line.cutSockets();
  await page.connected(false);
  await page.until(() => page.line.held === 1);
  page.line.sockets = "open";
  await page.connected();
  const begun = await createJob(page.subject);
  await page.worker.report(jobId, { status: "processing", progress: 9 });
  await page.until(() => page.view(jobId).progress === 9);
  page.line.release();
  await page.idle();
  expect(page.view(jobId)).toMatchObject({ progress: 9, source: "convex" });
  expect(page.view(begun).source).toBe("convex");
});

function ids(page: Page): [string[], string[]] {
  const { active, finished } = page.shown;
  return [active.map(({ jobId }) => jobId), finished.map(({ jobId }) => jobId)];
}
