import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { en } from "../../src/page/i18n/en";
import {
  activeJob,
  activeJobs,
  fileInput,
  finishedJob,
  progressOf,
  syncStatus,
} from "./support/parts";
import { longSpeech } from "./support/recordings";
import { eventually, openSession } from "./support/session";

const session = openSession({ worker: true });

/** Milliseconds within which row and page are right after a fault. */
const RECOVERY = 10_000;
/** Milliseconds that a silence may take to be noticed and cured: several times `stuckAfter`. */
const SILENCE = 100_000;
/** Milliseconds for a test that waits for silences to be noticed. */
const LONG = 300_000;
/** A worker's poll, and Convex over plain HTTP. */
const POLLS = /\/job\/|\/api\/query/;
/** What Chromium and Convex's client say of a line that is cut. */
const CUT = [/WebSocket/, /net::ERR_/, /Failed to fetch/];

beforeEach(() => {
  for (const line of Object.values(session.stack.lines)) line.set("ok");
});

/** Milliseconds that something takes. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function shownPercent(page: Page, name: string): Promise<number> {
  return Number(await progressOf(page, name).getAttribute("aria-valuenow"));
}

test("a healthy session asks nobody anything", async () => {
  const alice = await session.person("alice");
  const page = await alice.open();
  const running = await alice.create("running.mp3");
  const waiting = await alice.create("waiting.mp3");
  await activeJob(page, "waiting.mp3").waitFor();
  // As the worker does it: a sign of life every ten seconds.
  for (let beat = 1; beat <= 6; beat += 1) {
    await alice.report({ jobId: running, status: "processing", progress: beat, sequence: beat });
    await alice.report({
      jobId: waiting,
      status: "pending",
      message: `Beat ${beat}`,
      sequence: beat,
    });
    await activeJob(page, "running.mp3").getByText(`${beat}%`, { exact: true }).waitFor();
    await activeJob(page, "waiting.mp3").getByText(`Beat ${beat}`).waitFor();
    await delay(10_000);
  }
  await syncStatus(page, en.sync.live).waitFor();
  expect(alice.trouble.count(POLLS)).toBe(0);
  expect(alice.trouble.sockets).toBe(1);
});

test("Convex is cut off and comes back: the page says so, and is right in under ten seconds", async () => {
  const { convex } = session.stack.lines;
  const alice = await session.person("alice");
  alice.trouble.expect(...CUT);
  const page = await alice.open();
  const moving = await alice.create("moving.mp3");
  const ending = await alice.create("ending.mp3");
  await activeJob(page, "moving.mp3").waitFor();
  await activeJob(page, "ending.mp3").waitFor();

  convex.set("cut");
  await syncStatus(page, en.sync.convexUnreachable).waitFor();
  await page.getByText(en.faults.convexUnreachable).waitFor();
  await alice.report({ jobId: moving, status: "processing", progress: 64, stage: "decoding" });
  await alice.report({ jobId: ending, status: "completed" });
  await alice.create("new.mp3");
  expect(await activeJobs(page).getByRole("listitem").count()).toBe(2);

  convex.set("ok");
  const took = await timeOf(async () => {
    await activeJob(page, "moving.mp3").getByText("64%").waitFor();
    await finishedJob(page, "ending.mp3").getByText(en.status.completed).waitFor();
    await activeJob(page, "new.mp3").waitFor();
  });
  expect(took).toBeLessThan(RECOVERY);
  await syncStatus(page, en.sync.live).waitFor();
  expect(await page.getByText(en.active.fromHttp).count()).toBe(0);
});

test("while the WebSocket stays cut the page reads over HTTP, and a job completes before one's eyes", async () => {
  const { convex } = session.stack.lines;
  const alice = await session.person("alice");
  alice.trouble.expect(...CUT);
  const page = await alice.open();
  const jobId = await alice.create("talk.mp3");
  const unwanted = await alice.create("unwanted.mp3");
  await alice.report({ jobId: unwanted, status: "processing", stage: "decoding" });
  await activeJob(page, "talk.mp3").waitFor();

  convex.set("no-websockets");
  await syncStatus(page, en.sync.convexUnreachable).waitFor();
  for (const progress of [20, 70]) {
    await alice.report({ jobId, status: "processing", progress, stage: "transcribing" });
    await activeJob(page, "talk.mp3").getByText(`${progress}%`).waitFor();
    await activeJob(page, "talk.mp3").getByText(en.active.fromHttp).waitFor();
  }
  await activeJobs(page)
    .getByRole("button", { name: en.active.cancelNamed("unwanted.mp3") })
    .click();
  await finishedJob(page, "unwanted.mp3").getByText(en.status.cancelled).waitFor();
  const segments = [{ start: 0, end: 2, text: "Read over plain HTTP." }];
  await alice.report({ jobId, status: "completed", result: { segments } });
  await finishedJob(page, "talk.mp3").getByText(en.status.completed).waitFor();
  await page.getByRole("link", { name: "talk.mp3" }).click();
  await page.getByRole("dialog").getByText("Read over plain HTTP.").waitFor();
  await page.keyboard.press("Escape");
  await syncStatus(page, en.sync.convexUnreachable).waitFor();

  convex.set("ok");
  await syncStatus(page, en.sync.live).waitFor();
  expect(await finishedJob(page, "talk.mp3").count()).toBe(1);
  const polls = alice.trouble.count(POLLS);
  const next = await alice.create("next.mp3");
  await alice.report({ jobId: next, status: "processing", progress: 5 });
  await activeJob(page, "next.mp3").getByText("5%", { exact: true }).waitFor();
  expect(alice.trouble.count(POLLS)).toBe(polls);
});

test(
  "a socket that is connected and says nothing is noticed and replaced",
  async () => {
    const { convex } = session.stack.lines;
    const alice = await session.person("alice");
    // The worker is asked, too, whether it is its fault, and has never heard of the job.
    alice.trouble.expect(/status of 404/);
    const page = await alice.open();
    const jobId = await alice.create("mute.mp3");
    await alice.report({ jobId, status: "processing", progress: 10 });
    await activeJob(page, "mute.mp3").getByText("10%").waitFor();
    expect(alice.trouble.sockets).toBe(1);

    convex.mute();
    await alice.report({ jobId, status: "processing", progress: 50 });
    await syncStatus(page, en.sync.convexUnreachable).waitFor({ timeout: SILENCE });
    await activeJob(page, "mute.mp3").getByText("50%").waitFor();
    await activeJob(page, "mute.mp3").getByText(en.active.fromHttp).waitFor();
    expect(alice.trouble.count(POLLS)).toBeGreaterThan(0);
    expect(alice.trouble.sockets).toBe(1);

    await syncStatus(page, en.sync.live).waitFor({ timeout: SILENCE });
    expect(alice.trouble.sockets).toBe(2);
    await alice.report({ jobId, status: "completed" });
    await finishedJob(page, "mute.mp3").waitFor();
    expect(await page.getByText(en.active.fromHttp).count()).toBe(0);
  },
  LONG,
);

test(
  "a worker that cannot report is asked by the page, and what it did arrives later",
  async (context) => {
    session.worker(context);
    const { reports } = session.stack.lines;
    const alice = await session.person("alice");
    const page = await alice.open();
    const recording = await longSpeech(session.stack.browser, 8);
    await fileInput(page).setInputFiles(recording);
    await activeJob(page, "long.wav").getByText(en.stages.transcribing).waitFor();
    const jobId = (await activeJobs(page).getByRole("listitem").getAttribute("data-job-id")) ?? "";

    reports.set("cut");
    const known = await shownPercent(page, "long.wav");
    await syncStatus(page, en.sync.workerSilent).waitFor({ timeout: SILENCE });
    await page.getByText(/^No news from the transcription service/).waitFor();
    // A fast machine may have finished by now.
    const toldByWorker = activeJob(page, "long.wav").getByText(en.active.fromWorker);
    const ended = finishedJob(page, "long.wav").getByText(en.status.completed);
    await toldByWorker.or(ended).first().waitFor();
    const shown = await progressOf(page, "long.wav").evaluateAll((bars) =>
      bars.map((bar) => Number(bar.getAttribute("aria-valuenow"))),
    );
    for (const percent of shown) expect(percent).toBeGreaterThan(known);
    await ended.waitFor({ timeout: SILENCE });
    expect(await alice.row(jobId)).toMatchObject({ status: "processing" });

    reports.set("ok");
    const took = await timeOf(async () => {
      await eventually(async () => {
        expect(await alice.row(jobId)).toMatchObject({ status: "completed", progress: 100 });
      });
      await syncStatus(page, en.sync.recovered).or(syncStatus(page, en.sync.live)).waitFor();
    });
    expect(took).toBeLessThan(RECOVERY);
    expect(await activeJobs(page).count()).toBe(0);
    expect(await finishedJob(page, "long.wav").count()).toBe(1);
    expect(alice.trouble.count(/\/api\/query/)).toBeLessThan(3);
  },
  LONG,
);

test(
  "a worker that dies and is started again ends the job as its next attempt",
  async (context) => {
    const worker = session.worker(context);
    const alice = await session.person("alice");
    alice.trouble.expect(/net::ERR_/);
    const page = await alice.open();
    await fileInput(page).setInputFiles(await longSpeech(session.stack.browser, 3));
    await activeJob(page, "long.wav").getByText(en.stages.transcribing).waitFor();
    const jobId = (await activeJobs(page).getByRole("listitem").getAttribute("data-job-id")) ?? "";

    await worker.kill();
    await syncStatus(page, en.sync.workerSilent).waitFor({ timeout: SILENCE });
    const reason = en.faults.apiUnanswered(en.errors.api_unreachable);
    await page.getByRole("alert").getByText(reason).waitFor();

    await worker.start();
    await finishedJob(page, "long.wav")
      .getByText(en.status.completed)
      .waitFor({ timeout: SILENCE });
    await syncStatus(page, en.sync.live).waitFor();
    expect(await page.getByText(reason).count()).toBe(0);
    expect(await alice.row(jobId)).toMatchObject({ status: "completed", attempt: 2 });
  },
  LONG,
);
