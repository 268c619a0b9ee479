import { expect, test } from "vitest";
import { browserLedger } from "../../../src/transcription/upload/ledger";
import { Page } from "./support/page";

const TEN_MINUTES = 600_000;
const SIGN_OF_LIFE = 10_000;

function expectNoRequests(page: Page): void {
  expect(page.worker.requests).toEqual([]);
  expect(page.line.requests).toEqual([]);
  expect(page.syncs).toEqual(["live"]);
}

test("ten healthy minutes of a job that is transcribed: nobody is asked anything", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  for (let second = 0; second < TEN_MINUTES; second += SIGN_OF_LIFE) {
    const { progress } = await page.worker.report(jobId, {
      status: "processing",
      progress: (second / TEN_MINUTES) * 100,
    });
    await page.until(() => page.view(jobId).progress === progress);
    expect(page.clock.timers).toBe(1);
    await page.pass(SIGN_OF_LIFE);
  }
  await page.worker.report(jobId, { status: "completed" });
  await page.until(() => page.view(jobId).status === "completed");
  expect(page.clock.timers).toBe(0);
  await page.pass(TEN_MINUTES);
  expect(page.completed).toEqual([jobId]);
  expectNoRequests(page);
});

test("ten healthy minutes of three files that wait in the queue: nobody is asked anything", async () => {
  const [page, ...jobIds] = await Page.withJobs(3);
  for (let second = 0; second < TEN_MINUTES; second += SIGN_OF_LIFE) {
    for (const [place, jobId] of jobIds.entries()) {
      const message = `${place} before this one, for ${second}`;
      await page.worker.report(jobId, { status: "pending", message });
      await page.until(() => page.view(jobId).message === message);
    }
    expect(page.clock.timers).toBe(1);
    await page.pass(SIGN_OF_LIFE);
  }
  expectNoRequests(page);
});

test("ten minutes of an upload from this browser, which the backend takes for stalled: nobody is asked", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  const ledger = browserLedger();
  void ledger.hold(jobId, () => new Promise(() => undefined));
  page.session.fallback.uploadsChanged();
  await page.pass(150_000);
  page.rewrite = (row) => (row.sequence === undefined ? { ...row, stalledAt: 1 } : row);
  await page.push();
  await page.pass(TEN_MINUTES - 150_000);
  ledger.done(jobId);
  page.session.fallback.uploadsChanged();
  await page.pass(SIGN_OF_LIFE);
  await page.worker.report(jobId, { status: "pending", message: "1 before this one" });
  await page.until(() => page.view(jobId).message !== undefined);
  expectNoRequests(page);
});

test("ten minutes without jobs: no timer, no request", async () => {
  const [page] = await Page.withJobs(0);
  expect(page.clock.timers).toBe(0);
  await page.pass(TEN_MINUTES);
  expectNoRequests(page);
});
