import { expect, test } from "vitest";
import { en } from "../../src/page/i18n/en";
import {
  activeJob,
  activeJobs,
  fileInput,
  finishedJob,
  finishedJobs,
  progressOf,
  syncStatus,
  transcriptOf,
} from "./support/parts";
import { speech } from "./support/recordings";
import { eventually, openSession } from "./support/session";

const session = openSession({ worker: true });

/** Rows that the history loads at first. */
const FIRST_PAGE = 20;

test("two tabs and another device show the same, at the same time and after a reload", async () => {
  const alice = await session.person("alice");
  const phone = await alice.elsewhere({ viewport: { width: 360, height: 740 } });
  const pages = [await alice.open(), await alice.open(), await phone.open()];
  const jobId = await alice.create("meeting.mp3");
  for (const page of pages) await activeJob(page, "meeting.mp3").waitFor();

  for (const progress of [10, 35, 80]) {
    const segments = {
      offset: progress === 10 ? 0 : progress === 35 ? 1 : 2,
      items: [{ start: progress, end: progress + 1, text: `At ${progress} percent.` }],
    };
    await alice.report({ jobId, status: "processing", stage: "transcribing", progress, segments });
    for (const page of pages) {
      await activeJob(page, "meeting.mp3").getByText(`${progress}%`, { exact: true }).waitFor();
      await activeJob(page, "meeting.mp3").getByText(`At ${progress} percent.`).waitFor();
    }
  }
  await pages[1]?.reload();
  for (const page of pages) {
    await expect
      .poll(() => progressOf(page, "meeting.mp3").getAttribute("aria-valuenow"))
      .toBe("80");
  }
  await alice.report({ jobId, status: "completed", result: { language: "en" } });
  for (const page of pages) {
    await finishedJob(page, "meeting.mp3").getByText(en.status.completed).waitFor();
    expect(await activeJobs(page).count()).toBe(0);
  }
});

test("nobody sees another person's jobs, not even by their address", async () => {
  const alice = await session.person("alice");
  const mallory = await session.person("mallory");
  const [hers, his] = [await alice.open(), await mallory.open()];
  const secret = await alice.createFinished("secret.mp3", {
    result: { segments: [{ start: 0, end: 1, text: "The password is swordfish." }] },
  });
  const running = await alice.create("running.mp3");
  await alice.report({ jobId: running, status: "processing", progress: 40, stage: "decoding" });
  await finishedJob(hers, "secret.mp3").waitFor();
  await activeJob(hers, "running.mp3").getByText("40%").waitFor();

  // A job of his own that comes after hers: what was to arrive has arrived.
  await mallory.createFinished("own.mp3");
  await finishedJob(his, "own.mp3").waitFor();
  for (const jobId of [secret, running]) {
    const page = await mallory.open(`#/job/${jobId}`);
    const panel = page.getByRole("dialog");
    await panel.getByRole("heading", { name: en.transcript.missing }).waitFor();
    await finishedJob(page, "own.mp3").waitFor();
    for (const words of ["swordfish", "secret", "running", alice.name]) {
      expect(await page.content()).not.toContain(words);
    }
  }
  expect(await his.content()).not.toContain("secret");
  await hers.goto(`${hers.url()}#/job/${secret}`);
  await transcriptOf(hers, "secret.mp3").getByText("The password is swordfish.").waitFor();
});

test("cancelling in one tab shows in the other, and the worker stops", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  const [here, there] = [await alice.open(), await alice.open()];
  await fileInput(here).setInputFiles(speech("long.flac"));
  await activeJob(there, "long.flac").getByText(en.stages.transcribing).waitFor();
  const jobId = await activeJobs(there).getByRole("listitem").getAttribute("data-job-id");

  await activeJob(there, "long.flac")
    .getByRole("button", { name: en.active.cancelNamed("long.flac") })
    .click();
  for (const page of [here, there]) {
    await finishedJob(page, "long.flac").getByText(en.status.cancelled).waitFor();
  }
  await eventually(async () => {
    const response = await fetch(`${session.stack.lines.worker.url}/health`);
    expect(await response.json()).toMatchObject({ jobs: { waiting: 0, running: 0 } });
  });
  expect(await alice.row(jobId ?? "")).toMatchObject({ status: "cancelled", endedBy: "user" });
});

test("trying again makes a new job of the same file; removing takes two steps", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  // Cancelling may meet an upload that is still under way.
  alice.trouble.expect(/transcribe-job: net::ERR_ABORTED/);
  const [here, there] = [await alice.open(), await alice.open()];
  await fileInput(here).setInputFiles(speech("again.flac"));
  const cancel = { name: en.active.cancelNamed("again.flac") };
  await activeJobs(here).getByRole("button", cancel).click();
  const first = finishedJob(here, "again.flac");
  await first.getByText(en.status.cancelled).waitFor();
  const firstId = (await first.getAttribute("data-job-id")) ?? "";

  await first.getByRole("button", { name: en.history.tryAgainNamed("again.flac") }).click();
  await finishedJob(here, "again.flac").getByText(en.status.completed).waitFor();
  expect(await finishedJob(there, "again.flac").count()).toBe(2);
  expect((await alice.row(firstId))?.status).toBe("cancelled");

  // Another tab has never had the file: it asks for it.
  const old = finishedJobs(there).locator(`[data-job-id="${firstId}"]`);
  await old.getByRole("button", { name: en.history.tryAgainNamed("again.flac") }).click();
  await old.getByLabel(en.history.chooseAgain).setInputFiles(speech("again.flac"));
  await activeJob(here, "again.flac").waitFor();
  await activeJobs(here).getByRole("button", cancel).click();
  await expect.poll(() => finishedJob(there, "again.flac").count()).toBe(3);

  const remove = { name: en.history.removeNamed("again.flac") };
  const gone = finishedJobs(here).locator(`[data-job-id="${firstId}"]`);
  await gone.getByRole("button", remove).click();
  await gone.getByRole("button", { name: en.history.keep }).click();
  await gone.getByRole("button", remove).click();
  await gone.getByRole("button", { name: en.history.confirm }).click();
  for (const page of [here, there]) {
    await page.locator(`[data-job-id="${firstId}"]`).waitFor({ state: "detached" });
    expect(await finishedJob(page, "again.flac").count()).toBe(2);
  }
  expect(await alice.row(firstId)).toBeNull();
});

test("the history goes on to its end as one scrolls", async () => {
  const alice = await session.person("alice");
  const names = Array.from({ length: 60 }, (_, index) => `talk ${index}.mp3`);
  for (const name of names) await alice.createFinished(name);
  const page = await alice.open();
  await finishedJob(page, "talk 59.mp3").waitFor();
  await syncStatus(page, en.sync.live).waitFor();
  expect(await finishedJob(page, "talk 0.mp3").count()).toBe(0);
  const rows = finishedJobs(page).getByRole("listitem");
  expect(await rows.count()).toBeLessThan(FIRST_PAGE + 1);

  const seen = new Set<string>();
  await eventually(async () => {
    for (const name of await rows.getByRole("link").allInnerTexts()) seen.add(name);
    await page.mouse.wheel(0, 400);
    expect(await finishedJob(page, "talk 0.mp3").count()).toBe(1);
  });
  for (const name of await rows.getByRole("link").allInnerTexts()) seen.add(name);
  expect(names.filter((name) => !seen.has(name))).toEqual([]);
  expect(await rows.last().getAttribute("aria-setsize")).toBe("60");
});
