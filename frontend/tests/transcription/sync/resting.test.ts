import { expect, test } from "vitest";
import { Page } from "./support/page";

const MINUTE = 60_000;

type Rest = [string, (page: Page, isResting: boolean) => void];

const RESTS: Rest[] = [
  [
    "is hidden",
    (page, isResting) => {
      page.session.fallback.setVisible(!isResting);
    },
  ],
  [
    "is offline",
    (page, isResting) => {
      page.session.fallback.setOnline(!isResting);
    },
  ],
];

test.each(RESTS)(
  "a page that %s asks nobody, and once when it is back and something is overdue",
  async (_, rest) => {
    const [page, jobId = ""] = await Page.withJobs(1);
    page.worker.know(jobId, { status: "processing", progress: 8 });
    rest(page, true);
    expect(page.clock.timers).toBe(0);
    await page.pass(10 * MINUTE);
    expect(page.requests()).toEqual([]);
    rest(page, false);
    await page.idle();
    expect(page.worker.requests).toHaveLength(1);
    expect(page.line.requests).toHaveLength(1);
    expect(page.view(jobId).progress).toBe(8);
    await page.pass(9_000);
    expect(page.requests()).toHaveLength(2);
  },
);

test.each(RESTS)(
  "a page that %s while all is well asks nobody when it is back",
  async (_, rest) => {
    const [page, jobId = ""] = await Page.withJobs(1);
    rest(page, true);
    await page.pass(MINUTE);
    await page.worker.report(jobId, { status: "processing", progress: 8 });
    await page.until(() => page.view(jobId).progress === 8);
    rest(page, false);
    await page.idle();
    await page.pass(20_000);
    expect(page.requests()).toEqual([]);
    expect(page.clock.timers).toBe(1);
  },
);

test.each(RESTS)(
  "a page that %s in the middle of a fault stops asking, and goes on with one round",
  async (_, rest) => {
    const [page, jobId = ""] = await Page.withJobs(1);
    page.worker.know(jobId, { status: "processing", progress: 8 });
    await page.pass(MINUTE);
    const asked = page.requests().length;
    rest(page, true);
    await page.pass(5 * MINUTE);
    expect(page.requests()).toHaveLength(asked);
    page.worker.know(jobId, { status: "processing", progress: 9 });
    const polled = page.worker.requests.length;
    rest(page, false);
    rest(page, false);
    await page.idle();
    expect(page.requests().length - asked).toBeLessThanOrEqual(2);
    await page.pass(10_000);
    expect(page.worker.requests.length - polled).toBeLessThanOrEqual(2);
    expect(page.view(jobId).progress).toBe(9);
  },
);

test("a page that is hidden while the socket is cut reads once when it is back", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.session.fallback.setVisible(false);
  page.line.cutSockets();
  await page.connected(false);
  await page.worker.report(jobId, { status: "processing", progress: 8 });
  await page.pass(MINUTE);
  expect(page.requests()).toEqual([]);
  page.session.fallback.setVisible(true);
  await page.idle();
  expect(page.requests()).toHaveLength(1);
  expect(page.view(jobId).progress).toBe(8);
});

test("after stop() there is no timer, and late answers count for nothing", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.worker.mode = "held";
  page.line.http = "held";
  page.worker.know(jobId, { status: "completed" });
  await page.pass(30_000);
  expect([page.worker.held, page.line.held]).toEqual([1, 1]);
  page.session.fallback.stop();
  const before = page.session.fallback.getSnapshot();
  page.worker.release();
  page.line.mend();
  await page.idle();
  expect(page.session.fallback.getSnapshot()).toBe(before);
  expect(page.view(jobId)).toMatchObject({ status: "pending", source: "convex" });
  expect(page.clock.timers).toBe(0);
  await page.pass(5 * MINUTE);
  expect(page.requests()).toHaveLength(2);
});

test("a reading that comes after stop() is not shown and replaces no client", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.line.mute();
  await page.worker.report(jobId, { status: "processing", progress: 8 });
  await page.pass(30_000);
  page.line.http = "held";
  await page.pass(5_000);
  expect(page.line.held).toBe(1);
  const before = page.session.fallback.getSnapshot();
  page.session.fallback.stop();
  page.line.release();
  await page.idle();
  expect(page.replacedAt).toEqual([]);
  expect(page.session.fallback.getSnapshot()).toBe(before);
});
