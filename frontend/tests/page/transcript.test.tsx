import { stored } from "./transcripts";
import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { TranscriptionError } from "../../src/transcription";
import { FORMATS, type FormatName } from "../../src/formats";
import { ended, history, job, segments, transcript } from "./madeUp";
import { show, setUpPage } from "./support";

setUpPage();

const talk = ended({ jobId: "talk", fileName: "talk.mp3", segmentCount: 4 });
const panel = () => screen.getByRole("dialog", { name: /^Transcript of/ });

beforeEach(() => {
  stored.transcripts.clear();
  stored.rows.clear();
  stored.transcripts.set("talk", transcript(segments(4)));
});

it("opens from the history with an address of its own, and closes to the list", async () => {
  await show({ finishedJobs: history([talk]) });
  fireEvent.click(screen.getByRole("link", { name: "talk.mp3" }));
  expect(location.hash).toBe("#/job/talk");
  const words = within(panel());
  expect(words.getByText("Sentence 3.")).toBeTruthy();
  expect(words.getAllByText("Bernd")).toHaveLength(2);
  expect(words.getByText("0:12")).toBeTruthy();
  fireEvent.click(words.getByRole("button", { name: "Close" }));
  await waitFor(() => {
    expect(screen.queryByRole("dialog")).toBeNull();
  });
  expect(location.hash).toBe("");
});

it("shows a job that the list has not come to, and says of one that there is none", async () => {
  stored.rows.set("far", ended({ jobId: "far", fileName: "far.mp3" }));
  stored.transcripts.set("far", transcript(segments(1)));
  location.hash = "#/job/far";
  await show();
  expect(within(panel()).getByText("far.mp3")).toBeTruthy();
  act(() => {
    location.hash = "#/job/gone";
  });
  expect(await screen.findByText("This recording is not there")).toBeTruthy();
});

it.each(["txt", "srt", "vtt", "json"] as const)("downloads %s", async (name: FormatName) => {
  const blobs: Blob[] = [];
  const clicked: string[] = [];
  vi.stubGlobal(
    "URL",
    Object.assign(URL, {
      createObjectURL: (blob: Blob) => `blob:${blobs.push(blob)}`,
      revokeObjectURL: () => undefined,
    }),
  );
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
    this: HTMLAnchorElement,
  ) {
    clicked.push(`${this.href} ${this.download}`);
  });
  location.hash = "#/job/talk";
  await show({ finishedJobs: history([talk]) });
  const { label, mimeType, write } = FORMATS[name];
  fireEvent.click(screen.getByRole("button", { name: `Download ${label}` }));
  expect(clicked).toEqual([`blob:1 talk.${name}`]);
  expect(blobs[0]?.type).toBe(mimeType);
  const whole = {
    fileName: "talk.mp3",
    language: "en",
    model: "base",
    duration: 65,
    text: "Sentence 0. Sentence 1. Sentence 2. Sentence 3.",
    segments: segments(4),
  };
  expect(await textOf(blobs[0])).toBe(write(whole));
});

it("copies the text, and says so", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
  location.hash = "#/job/talk";
  await show({ finishedJobs: history([talk]) });
  fireEvent.click(screen.getByRole("button", { name: "Copy text" }));
  expect(await screen.findByText("Copied")).toBeTruthy();
  expect(writeText).toHaveBeenCalledWith(expect.stringContaining("Bernd: Sentence 3."));
  writeText.mockRejectedValueOnce(new Error("NotAllowedError"));
  fireEvent.click(screen.getByRole("button", { name: "Copy text" }));
  expect(await screen.findByText("The browser did not allow copying.")).toBeTruthy();
});

it("waits with copies and downloads until all pages are there", async () => {
  stored.transcripts.set("talk", transcript(segments(2), "loading"));
  location.hash = "#/job/talk";
  const { update } = await show({ finishedJobs: history([talk]) });
  const buttons = () =>
    within(panel())
      .getAllByRole<HTMLButtonElement>("button", { name: /^(Copy|Download)/ })
      .map((button) => button.disabled);
  expect(screen.getByText("Loading the rest …")).toBeTruthy();
  expect(buttons()).toEqual([true, true, true, true, true]);
  stored.transcripts.set("talk", transcript(segments(4)));
  update({ finishedJobs: history([{ ...talk }]) });
  expect(buttons()).toEqual([false, false, false, false, false]);
});

it("keeps what a failed job has, with the reason", async () => {
  location.hash = "#/job/talk";
  const failed = { ...talk, status: "failed" as const, error: "The engine stopped." };
  await show({ finishedJobs: history([failed]) });
  const words = within(panel());
  expect(words.getByText("The engine stopped.")).toBeTruthy();
  expect(words.getByText("What was written until then is below.")).toBeTruthy();
  expect(words.getByText("Sentence 0.")).toBeTruthy();
});

it("shows a text that has no segments", async () => {
  const text = "Only words.\nNo times.";
  stored.transcripts.set("talk", { status: "success", segments: [], text, pages: "complete" });
  location.hash = "#/job/talk";
  await show({ finishedJobs: history([talk]) });
  expect(within(panel()).getByText(/Only words\./)).toBeTruthy();
  expect(screen.getByRole("button", { name: "Download TXT" })).toBeTruthy();
});

it.each([
  [job({ jobId: "talk" }), "The text appears here as soon as there is some."],
  [ended({ jobId: "talk" }), "No speech was found in this recording."],
  [
    ended({ jobId: "talk", status: "cancelled" }),
    "There is no text: the recording ended before any was made.",
  ],
])("says why there is no text (%#)", async (one, sentence) => {
  stored.transcripts.set("talk", transcript([]));
  location.hash = "#/job/talk";
  await show({ activeJobs: { status: "success", data: [one] } });
  expect(within(panel()).getByText(sentence)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Copy text" })).toBeNull();
});

it("says that a transcript cannot be read", async () => {
  const error = new TranscriptionError("convex_unreachable", "fetch failed");
  stored.transcripts.set("talk", { status: "error", error });
  location.hash = "#/job/talk";
  await show({ finishedJobs: history([talk]) });
  expect(
    screen.getByText("The transcript could not be read: The server cannot be reached."),
  ).toBeTruthy();
});

/** jsdom's blobs have no `text()`. */
function textOf(blob: Blob | undefined): Promise<unknown> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => {
      resolve(reader.result);
    };
    reader.readAsText(blob ?? new Blob());
  });
}
