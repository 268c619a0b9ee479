import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { en } from "../../src/page/i18n/en";
import {
  activeJob,
  activeJobs,
  cancelAll,
  fileInput,
  finishedJob,
  progressOf,
  transcriptOf,
} from "./support/parts";
import { nothing, speech, speechLines, type ChosenFile } from "./support/recordings";
import { eventually, openSession } from "./support/session";
import { stepsBack, watchStages } from "./support/stages";

const MAX_UPLOAD_BYTES = 8_000_000;
const session = openSession({
  worker: true,
  workerEnv: { MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES) },
});

/** Bytes after which an upload is held: its head and a little of its file. */
const HELD_AFTER = 64 * 1024;

/** Holds uploads on their way, until the test ends. */
function holdUploads(): void {
  const { worker } = session.stack.lines;
  worker.holdAfter(HELD_AFTER);
  onTestFinished(() => {
    worker.holdAfter(Infinity);
  });
}

/** Drops files on the page, as a person does who holds several. */
async function drop(page: Page, files: ChosenFile[]): Promise<void> {
  const plain = files.map(({ buffer, ...file }) => ({
    ...file,
    base64: buffer.toString("base64"),
  }));
  const dataTransfer = await page.evaluateHandle((given) => {
    const transfer = new DataTransfer();
    for (const { name, mimeType, base64 } of given) {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: mimeType }));
    }
    return transfer;
  }, plain);
  for (const type of ["dragenter", "dragover", "drop"]) {
    await page.dispatchEvent("body", type, { dataTransfer });
  }
}

/** The words of a text that are long enough to be told apart. */
function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/\p{L}{4,}/gu));
}

test("a recording is uploaded, transcribed before one's eyes, and kept", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  const page = await alice.open();
  await fileInput(page).waitFor({ state: "attached" });
  const stages = await watchStages(page, "speech.flac");

  await fileInput(page).setInputFiles(speech());
  const live = page.getByRole("list", { name: en.active.liveText("speech.flac") });
  await live.getByRole("listitem").first().waitFor();
  const first = (await live.getByRole("listitem").first().locator("[dir]").textContent()) ?? "";
  await finishedJob(page, "speech.flac").getByText(en.status.completed).waitFor();

  const seen = await stages();
  expect(stepsBack(seen)).toEqual([]);
  expect(new Set(seen.map((stage) => stage.phase))).toEqual(
    new Set(["sending", "pending", "processing", "completed"]),
  );
  const moving = seen.filter((stage) => stage.phase === "processing");
  expect(moving.length).toBeGreaterThan(3);

  await page.getByRole("link", { name: "speech.flac" }).click();
  const transcript = transcriptOf(page, "speech.flac");
  await transcript.getByText(first.trim()).first().waitFor();
  // It is not the engine that is tested: some of what was said is enough.
  const said = wordsOf(speechLines().join(" "));
  const heard = wordsOf(await transcript.getByRole("list").innerText());
  expect([...said].filter((word) => heard.has(word)).length).toBeGreaterThan(said.size / 3);
});

test("two files that are dropped at once are sent at once, and wait for each other", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  const page = await alice.open();
  await fileInput(page).waitFor({ state: "attached" });

  await drop(page, [speech("one.flac"), speech("two.flac")]);
  await activeJob(page, "one.flac").waitFor();
  await activeJob(page, "two.flac").waitFor();
  await activeJobs(page).getByText(en.messages.queuePlace("1")).waitFor();
  await activeJobs(page).getByText(en.stages.transcribing).first().waitFor();

  await cancelAll(page);
  for (const name of ["one.flac", "two.flac"]) {
    await finishedJob(page, name).getByText(en.status.cancelled).waitFor();
  }
});

test("a file that cannot be taken is refused with the reason, and no job is made of it", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  const page = await alice.open();
  const alerts = page.getByRole("alert");
  await page.getByText(/8 MB/).waitFor();

  await fileInput(page).setInputFiles(nothing("long.wav", MAX_UPLOAD_BYTES + 1));
  await alerts.getByText(/“long.wav” is too large.*8 MB/).waitFor();
  await fileInput(page).setInputFiles({
    name: "notes.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("These are notes."),
  });
  await alerts.getByText(/“notes.txt” is not an audio or video file/).waitFor();
  await fileInput(page).setInputFiles(nothing("empty.wav", 0));
  await alerts.getByText(en.uploads.empty("empty.wav")).waitFor();

  for (let left = 3; left > 0; left -= 1) {
    await alerts.getByRole("button", { name: en.app.dismiss }).first().click();
  }
  await expect.poll(() => alerts.allInnerTexts()).toEqual(["", ""]);
  expect(await activeJobs(page).count()).toBe(0);
});

test("a file that is called a recording and is none fails with the reason", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  alice.trouble.expect(/status of 4(15|22)/);
  const page = await alice.open();
  await fileInput(page).setInputFiles(nothing("noise.wav", 50_000));
  const row = finishedJob(page, "noise.wav");
  await row.getByText(en.status.failed).waitFor();
  await row.getByText(/damaged|cannot be transcribed|not .*audio/i).waitFor();
  expect(await activeJobs(page).count()).toBe(0);
});

test("a reload in the middle of a transcription loses nothing", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  const page = await alice.open();
  await fileInput(page).setInputFiles(speech());
  const progress = progressOf(page, "speech.flac");
  const percent = async (): Promise<number> => Number(await progress.getAttribute("aria-valuenow"));
  const job = activeJobs(page).locator('[data-status="processing"]');
  await job.getByText(en.stages.transcribing).waitFor();
  const before = await eventually(async () => {
    const shown = await percent();
    expect(shown).toBeGreaterThan(0);
    return shown;
  });

  await page.reload();
  await progress.waitFor();
  const stages = await watchStages(page, "speech.flac");
  expect(await percent()).toBeGreaterThanOrEqual(before);
  await finishedJob(page, "speech.flac").getByText(en.status.completed).waitFor();
  expect(stepsBack(await stages())).toEqual([]);
});

test("an upload that a reload or a closed page cuts off is reported by the next page", async (context) => {
  session.worker(context);
  const alice = await session.person("alice");
  // The page is gone in the middle of it.
  alice.trouble.expect(/^request: POST .*transcribe-job: net::ERR_ABORTED/);
  const page = await alice.open();
  page.on("dialog", (dialog) => void dialog.accept());
  holdUploads();
  await fileInput(page).setInputFiles(nothing("reloaded.wav", 7_000_000));
  await activeJob(page, "reloaded.wav")
    .getByText(/^Sending .* of 7 MB$/)
    .waitFor();
  await page.reload();
  await finishedJob(page, "reloaded.wav").getByText(en.status.failed).waitFor();
  await finishedJob(page, "reloaded.wav")
    .getByText(/closed before/)
    .waitFor();

  await fileInput(page).setInputFiles(nothing("closed.wav", 7_000_000));
  await activeJob(page, "closed.wav")
    .getByText(/^Sending/)
    .waitFor();
  const other = await alice.open();
  await activeJob(other, "closed.wav").getByText(en.status.pending).waitFor();
  await page.close();
  await finishedJob(other, "closed.wav").getByText(en.status.failed).waitFor();
});

test("a service that cannot be reached is named; nothing hangs, and trying again helps", async (context) => {
  session.worker(context);
  const { worker } = session.stack.lines;
  onTestFinished(() => {
    worker.set("ok");
  });
  const alice = await session.person("alice");
  alice.trouble.expect(/net::ERR_/);
  worker.set("cut");
  const page = await alice.open();
  await page.getByRole("heading", { name: en.uploads.unreachable }).waitFor();
  worker.set("ok");
  await page.getByRole("button", { name: en.app.tryAgain }).click();
  await fileInput(page).waitFor({ state: "attached" });
  await page.getByText(/8 MB/).waitFor();

  holdUploads();
  await fileInput(page).setInputFiles(nothing("cut.wav", 7_000_000));
  await activeJob(page, "cut.wav")
    .getByText(/^Sending/)
    .waitFor();
  worker.set("cut");
  const row = finishedJob(page, "cut.wav");
  await row.getByText(en.status.failed).waitFor();
  await row.getByText(/reach|answers/).waitFor();
});
