import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { json, refuse } from "../upload/support/server";
import { Page } from "./support/page";
import type { WorkerStub } from "./support/workerStub";

const MINUTE = 60_000;

const garbage = (response: ServerResponse): void => {
  response.writeHead(200, { "Content-Type": "text/html" }).end("<h1>It works!</h1>");
};

test.each<[string, WorkerStub["mode"], string | undefined]>([
  ["is down", "down", "api_unreachable"],
  ["fails", (response) => void response.writeHead(500).end("oops"), "unexpected_answer"],
  [
    "does not know the job",
    (response) => {
      refuse(response, 404, "job_not_found", "There is no such job.");
    },
    // It answers: the job's file has not come yet.
    undefined,
  ],
  [
    "refuses the ticket",
    (response) => {
      refuse(response, 401, "unauthorized", "Give the job's ticket.");
    },
    "unauthorized",
  ],
  ["is something else", garbage, "unexpected_answer"],
  [
    "answers for another job",
    (response) => {
      json(response, 200, {
        jobId: "other",
        status: "completed",
        progress: 100,
        attempt: 1,
        updatedAt: 1,
      });
    },
    "unexpected_answer",
  ],
])("an API that %s is asked with growing pauses, and the page says so", async (_, mode, code) => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.worker.mode = mode;
  await page.pass(6 * MINUTE);
  const times = page.worker.requests.map(({ at }) => at);
  const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  expect(pauses).toEqual([20_000, 40_000, MINUTE, MINUTE, MINUTE, MINUTE]);
  expect(page.session.fallback.getSnapshot().apiError?.code).toBe(code);
  expect(page.sync).toBe("worker-silent");

  page.worker.mode = "up";
  page.worker.know(jobId, { status: "processing", progress: 50 });
  await page.pass(2 * MINUTE);
  expect(page.session.fallback.getSnapshot().apiError).toBeNull();
  expect(page.view(jobId)).toMatchObject({ progress: 50, source: "worker" });
  const after = page.worker.requests.length;
  await page.pass(MINUTE);
  expect(page.worker.requests.length - after).toBeGreaterThanOrEqual(5);
});

test("an API that hangs is given up, and what it answers afterwards counts for nothing", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.worker.mode = "held";
  await page.pass(45_000);
  expect(page.session.fallback.getSnapshot().apiError?.code).toBe("api_unreachable");
  page.worker.mode = "up";
  page.worker.know(jobId, { status: "processing", progress: 50 });
  await page.pass(MINUTE);
  expect(page.view(jobId).progress).toBe(50);
  page.worker.release();
  await page.pass(1_000);
  expect(page.view(jobId).progress).toBe(50);
});

test("when the worker's reports arrive again, its error is forgotten", async () => {
  const [page, jobId = ""] = await Page.withJobs(1);
  page.worker.mode = "down";
  await page.pass(MINUTE);
  expect(page.session.fallback.getSnapshot().apiError).not.toBeNull();
  await page.worker.report(jobId, { status: "processing", progress: 9 });
  await page.until(() => page.view(jobId).progress === 9);
  await page.pass(5_000);
  expect(page.session.fallback.getSnapshot()).toMatchObject({ sync: "live", apiError: null });
});
