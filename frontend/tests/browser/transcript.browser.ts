import { readFile } from "node:fs/promises";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { FORMATS, type FormatName, type Transcript } from "../../src/formats";
import { en } from "../../src/page/i18n/en";
import type { Segment } from "../../src/transcription/types";
import type { Person } from "./support/person";
import { activeJob, finishedJob, finishedJobs, transcriptOf } from "./support/parts";
import { eventually, openSession } from "./support/session";

const session = openSession();

/** The most rows of one list that may be in the document. */
const MAX_ROWS = 60;

const INTERVIEW: Transcript & { segments: Segment[] } = {
  fileName: "interview.mp3",
  language: "en",
  model: "whisper-1",
  duration: 3725.5,
  text: "Good morning. Thank you for coming. It is 8 o'clock, and I am <glad> to be here & awake.",
  segments: [
    { start: 0, end: 1.5, text: "Good morning.", speaker: "Ada" },
    { start: 1.5, end: 3.25, text: "Thank you for coming.", speaker: "Ada" },
    {
      start: 3661.04,
      end: 3665.5,
      text: "It is 8 o'clock, and I am <glad> to be here & awake.",
      speaker: "Grace",
      words: [
        { word: "It", start: 3661.04, end: 3661.2 },
        { word: "is", start: 3661.2, end: 3661.4 },
      ],
    },
  ],
};

/** Opens the transcript of a job that has ended. */
async function openTranscript(page: Page, name: string): Promise<Locator> {
  await page.getByRole("link", { name, exact: true }).click();
  const panel = transcriptOf(page, name);
  await panel.waitFor();
  return panel;
}

async function createInterview(person: Person): Promise<void> {
  const { text, language, model, duration, segments } = INTERVIEW;
  const result = { text, language, model, duration, segments };
  await person.createFinished("interview.mp3", { result });
}

/** The largest number of a list's rows that have been in the document at once, from now on. */
async function watchRows(list: Locator): Promise<() => Promise<number>> {
  const watched = await list.evaluateHandle((element) => {
    const most = { rows: 0 };
    const count = (): void => {
      most.rows = Math.max(most.rows, element.querySelectorAll("li").length);
    };
    new MutationObserver(count).observe(element, { childList: true, subtree: true });
    count();
    return most;
  });
  return async () => await watched.evaluate(({ rows }) => rows);
}

test("a transcript is read with its times and speakers", async () => {
  const alice = await session.person("alice");
  await createInterview(alice);
  const page = await alice.open();
  const panel = await openTranscript(page, "interview.mp3");
  const rows = panel.getByRole("listitem");
  await rows.nth(2).waitFor();
  expect((await rows.allInnerTexts()).map((row) => row.split(/\s*\n\s*/))).toEqual([
    ["0:00", "Ada", "Good morning."],
    ["0:01", "Thank you for coming."],
    ["1:01:01", "Grace", INTERVIEW.segments[2]?.text],
  ]);
  for (const fact of ["English", "whisper-1", "1:02:05", en.transcript.segments(3)]) {
    await panel.getByText(fact, { exact: true }).waitFor();
  }
  await panel.getByRole("button", { name: en.transcript.close }).click();
  await panel.waitFor({ state: "detached" });
});

test("copying and downloading give the whole transcript in every format", async () => {
  const alice = await session.person("alice");
  await alice.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await createInterview(alice);
  const page = await alice.open();
  const panel = await openTranscript(page, "interview.mp3");

  await panel.getByRole("button", { name: en.transcript.copy }).click();
  await panel.getByText(en.transcript.copied).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(FORMATS.txt.write(INTERVIEW));

  const contents = new Map<FormatName, string>();
  for (const name of ["txt", "srt", "vtt", "json"] as const) {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      panel.getByRole("button", { name: en.transcript.downloadAs(FORMATS[name].label) }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`interview.${name}`);
    contents.set(name, await readFile(await download.path(), "utf8"));
  }
  for (const name of ["txt", "srt", "vtt"] as const) {
    expect(contents.get(name)).toBe(FORMATS[name].write(INTERVIEW));
  }
  // Convex gives an object's keys in an order of its own.
  expect(JSON.parse(contents.get("json") ?? "")).toEqual(JSON.parse(FORMATS.json.write(INTERVIEW)));
  expect(contents.get("srt")).toContain("01:01:01,040 --> 01:01:05,500");
  expect(contents.get("vtt")).toMatch(/^WEBVTT\n/);
  expect(contents.get("txt")).toContain("Thank you for coming.");
});

test("a transcript of three hours grows live, and never has more than 60 rows in the document", async () => {
  const SEGMENTS = 6_000;
  const PIECE = 200;
  const SECONDS = 1.8;
  const alice = await session.person("alice");
  const page = await alice.open();
  const jobId = await alice.create("congress.mp3");
  const postPiece = async (offset: number): Promise<void> => {
    const items = Array.from({ length: PIECE }, (_, index) => ({
      start: (offset + index) * SECONDS,
      end: (offset + index + 1) * SECONDS,
      text: `Sentence ${offset + index}.${" More words.".repeat(index % 7)}`,
    }));
    const progress = (100 * offset) / SEGMENTS;
    await alice.report({
      jobId,
      status: "processing",
      stage: "transcribing",
      progress,
      segments: { offset, items },
    });
  };
  await postPiece(0);
  await activeJob(page, "congress.mp3")
    .getByRole("link", { name: en.active.wholeTextNamed("congress.mp3") })
    .click();
  const panel = transcriptOf(page, "congress.mp3");
  const list = panel.getByRole("list");
  const mostRows = await watchRows(list);
  for (let offset = PIECE; offset < SEGMENTS; offset += PIECE) await postPiece(offset);
  await alice.report({ jobId, status: "completed", result: { duration: SEGMENTS * SECONDS } });
  await panel.getByText(en.status.completed, { exact: true }).waitFor();
  await panel.getByRole("button", { name: "Download TXT", disabled: false }).waitFor();

  const rows = list.getByRole("listitem");
  await panel.getByRole("region", { name: en.transcript.list }).focus();
  await page.keyboard.press("Home");
  await panel.getByText(/^Sentence 0\./).waitFor();
  for (let screens = 0; screens < 40; screens += 1) await page.keyboard.press("PageDown");
  const last = panel.getByText(new RegExp(`^Sentence ${SEGMENTS - 1}\\.`));
  await eventually(async () => {
    await page.keyboard.press("End");
    expect(await last.isVisible()).toBe(true);
  });
  expect(await rows.last().getAttribute("aria-setsize")).toBe(String(SEGMENTS));
  expect(await mostRows()).toBeGreaterThan(5);
  expect(await mostRows()).toBeLessThanOrEqual(MAX_ROWS);

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    panel.getByRole("button", { name: "Download JSON" }).click(),
  ]);
  const { segments } = JSON.parse(await readFile(await download.path(), "utf8")) as Transcript;
  expect(segments.length).toBe(SEGMENTS);
}, 300_000);

test("a history of 1,000 recordings never has more than 60 rows in the document", async () => {
  const JOBS = 1_000;
  const AT_ONCE = 10;
  const alice = await session.person("alice");
  await alice.client();
  for (let index = 0; index < JOBS; index += AT_ONCE) {
    const names = Array.from({ length: AT_ONCE }, (_, offset) => `talk ${index + offset}.mp3`);
    await Promise.all(names.map((name) => alice.createFinished(name)));
  }
  const page = await alice.open();
  await page.getByText(/^1,000 completed/).waitFor();
  const list = finishedJobs(page);
  const mostRows = await watchRows(list);
  await eventually(async () => {
    await page.keyboard.press("End");
    expect(await list.locator(`[aria-posinset="${JOBS}"]`).count()).toBe(1);
  }, 120_000);
  await page.getByRole("heading", { name: en.history.heading }).waitFor();
  expect(await mostRows()).toBeGreaterThan(5);
  expect(await mostRows()).toBeLessThanOrEqual(MAX_ROWS);

  await page.keyboard.press("Home");
  const newest = finishedJob(page, "talk 999.mp3").or(finishedJob(page, "talk 990.mp3")).first();
  await newest.waitFor();
  expect(await mostRows()).toBeLessThanOrEqual(MAX_ROWS);
}, 300_000);
