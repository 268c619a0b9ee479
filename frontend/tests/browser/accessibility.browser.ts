import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { en } from "../../src/page/i18n/en";
import { es } from "../../src/page/i18n/es";
import { audit, chooseLanguage } from "./support/audit";
import {
  activeJob,
  activeJobs,
  fileInput,
  finishedJob,
  syncStatus,
  transcriptOf,
} from "./support/parts";
import type { Person } from "./support/person";
import { nothing, speech } from "./support/recordings";
import { openSession } from "./support/session";

const session = openSession({ worker: true });

/** Milliseconds that a silence may take to be noticed. */
const SILENCE = 60_000;
const LONG_NAME =
  "A recording whose name is long and_has_no_place_to_break_it_at_all_2026-11-22.mp3";

beforeEach(() => {
  for (const line of Object.values(session.stack.lines)) line.set("ok");
});

/** One job of each kind. */
async function createJobs(person: Person): Promise<void> {
  const segments = [
    { start: 0, end: 2, text: "Good morning.", speaker: "Ada" },
    { start: 2, end: 4, text: "Thank you for coming.", speaker: "Grace" },
  ];
  const result = { language: "en", model: "whisper-1", duration: 3725, segments };
  await person.createFinished("interview.mp3", { result });
  await person.createFinished(LONG_NAME, { status: "failed", error: "The engine stopped." });
  await person.createFinished("cancelled.mp3", { status: "cancelled" });
  const waiting = await person.create("waiting.mp3");
  const message = "Waiting in the queue, place 1";
  await person.report({ jobId: waiting, status: "pending", stage: "queued", message });
  const running = await person.create("running.mp3");
  await person.report({
    jobId: running,
    status: "processing",
    stage: "transcribing",
    progress: 42,
    estimatedTimeRemaining: 90,
    segments: { offset: 0, items: segments },
  });
}

/** Presses a key until the element has the focus. */
async function moveTo(page: Page, key: "Tab" | "Shift+Tab", name: string): Promise<void> {
  const target = page
    .getByRole("link", { name, exact: true })
    .or(page.getByRole("button", { name, exact: true }).or(page.getByLabel(name, { exact: true })));
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press(key);
    const focused = await target
      .first()
      .evaluate((element) => element.contains(document.activeElement));
    if (focused) return;
  }
  throw new Error(`The keyboard does not come to “${name}”`);
}

test("axe finds nothing in a page without recordings, nor in one that says why it refuses a file", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  const page = await alice.open();
  await page.getByRole("heading", { name: en.uploads.firstTitle }).waitFor();
  expect(await audit(page)).toEqual([]);
  await fileInput(page).setInputFiles(nothing("empty.wav", 0));
  await page.getByText(en.uploads.empty("empty.wav")).waitFor();
  expect(await audit(page)).toEqual([]);
  await page.getByRole("button", { name: en.app.signOut }).click();
  await page.getByRole("heading", { name: en.signedOut.title }).waitFor();
  expect(await audit(page)).toEqual([]);
});

test("axe finds nothing in a full page, nor in a transcript", async () => {
  const alice = await session.person("alice");
  // After 30 seconds without news the worker is asked, which has never heard of these jobs.
  alice.trouble.expect(/status of 404/);
  await createJobs(alice);
  const page = await alice.open();
  await activeJob(page, "running.mp3").getByText("Thank you for coming.").waitFor();
  await finishedJob(page, "interview.mp3").waitFor();
  expect(await audit(page)).toEqual([]);

  const remove = { name: en.history.removeNamed("interview.mp3") };
  await page.getByRole("button", remove).click();
  await page.getByText(en.history.confirmQuestion).waitFor();
  expect(await audit(page)).toEqual([]);

  await page.getByRole("link", { name: "interview.mp3" }).click();
  await transcriptOf(page, "interview.mp3").getByText("Thank you for coming.").waitFor();
  expect(await audit(page)).toEqual([]);
  const missing = await alice.open("#/job/nobody-has-this");
  await missing.getByRole("heading", { name: en.transcript.missing }).waitFor();
  expect(await audit(missing)).toEqual([]);
});

test("axe finds nothing during a fault", async (context) => {
  session.worker(context);
  const { convex, worker } = session.stack.lines;
  const alice = await session.person("alice");
  alice.trouble.expect(/WebSocket/, /net::ERR_/, /status of 404/);
  await createJobs(alice);
  const page = await alice.open();
  await activeJob(page, "running.mp3").waitFor();
  worker.set("cut");
  await syncStatus(page, en.sync.workerSilent).waitFor({ timeout: SILENCE });
  await page.getByText(en.faults.apiUnanswered(en.errors.api_unreachable)).waitFor();
  expect(await audit(page)).toEqual([]);
  convex.set("no-websockets");
  await syncStatus(page, en.sync.convexUnreachable).waitFor();
  expect(await audit(page)).toEqual([]);
  await page.reload();
  await page.getByRole("heading", { name: en.uploads.unreachable }).waitFor();
  expect(await audit(page)).toEqual([]);
});

test("everything can be done by keyboard alone", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  await createJobs(alice);
  const page = await alice.open();
  // From the start: it takes Chromium a moment to leave the choice to the test.
  const chosen = page.waitForEvent("filechooser");
  await finishedJob(page, "interview.mp3").waitFor();
  await activeJob(page, "running.mp3").waitFor();

  await moveTo(page, "Tab", en.uploads.choose);
  await page.keyboard.press("Enter");
  const chooser = await chosen;
  await chooser.setFiles([]);

  await moveTo(page, "Tab", en.active.cancelNamed("running.mp3"));
  await page.keyboard.press("Enter");
  await finishedJob(page, "running.mp3").getByText(en.status.cancelled).waitFor();

  await moveTo(page, "Tab", "interview.mp3");
  await page.keyboard.press("Enter");
  const panel = transcriptOf(page, "interview.mp3");
  await panel.waitFor();
  await moveTo(page, "Tab", "Download SRT");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.keyboard.press("Enter"),
  ]);
  expect(download.suggestedFilename()).toBe("interview.srt");
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  const link = page.getByRole("link", { name: "interview.mp3" });
  expect(await link.evaluate((element) => element === document.activeElement)).toBe(true);

  await page.keyboard.press("Enter");
  await panel.waitFor();
  await moveTo(page, "Shift+Tab", en.transcript.close);
  await page.keyboard.press("Enter");
  await panel.waitFor({ state: "detached" });

  await moveTo(page, "Tab", en.history.removeNamed("interview.mp3"));
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await finishedJob(page, "interview.mp3").waitFor({ state: "detached" });
  expect(await finishedJob(page, "cancelled.mp3").count()).toBe(1);
});

test("the end of a job is announced", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  const page = await alice.open();
  await fileInput(page).setInputFiles(speech());
  await activeJobs(page).getByRole("progressbar").waitFor();
  const announcements = page.locator('[aria-live="polite"]');
  await announcements
    .getByText(en.announce.completed("speech.flac"))
    .waitFor({ state: "attached" });
});

test("the language is the browser's, can be switched, and stays", async () => {
  const alice = await session.person("alice");
  await createJobs(alice);
  const page = await alice.open();
  await page.getByRole("heading", { name: en.history.heading }).waitFor();
  await chooseLanguage(page, "es");
  await page.getByRole("heading", { name: es.history.heading }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: es.history.heading }).waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("es");
  await page.getByText(es.messages.queuePlace("1")).waitFor();

  const abroad = await alice.elsewhere({ locale: "es-MX" });
  const other = await abroad.open();
  await other.getByRole("heading", { name: es.active.heading }).waitFor();
  await abroad.context.close();
});
