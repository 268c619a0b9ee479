import { stored } from "./transcripts";
import { act, cleanup, fireEvent, screen, within } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { ended, history, job, segments, transcript } from "./madeUp";
import { show, setUpPage } from "./support";

setUpPage();

const jobs = Array.from({ length: 1_000 }, (_, index) => ended({ jobId: `job-${index}` }));
const rows = () =>
  within(screen.getByRole("list", { name: "Finished recordings" })).getAllByRole("listitem");

function scrollTo(pixels: number): void {
  Object.defineProperty(window, "scrollY", { value: pixels, configurable: true });
  fireEvent.scroll(window);
}

it("never has more than 60 of 1,000 jobs in the document, however tall the window is", async () => {
  for (const height of [600, 1_440, 20_000]) {
    vi.stubGlobal("innerHeight", height);
    scrollTo(0);
    await show({ finishedJobs: history(jobs) });
    expect(rows().length).toBeLessThanOrEqual(60);
    expect(rows().length).toBeGreaterThan(5);
    scrollTo(20_000);
    expect(rows().length).toBeLessThanOrEqual(60);
    cleanup();
  }
});

it("tells screen readers a row's place among all, also those that are not loaded", async () => {
  scrollTo(0);
  const stats = {
    status: "success",
    data: { active: 0, completed: 900, failed: 80, cancelled: 20 },
  } as const;
  const { update } = await show({ finishedJobs: history(jobs.slice(0, 30), "available"), stats });
  const place = (row: HTMLElement | undefined) => [
    row?.getAttribute("aria-posinset"),
    row?.getAttribute("aria-setsize"),
  ];
  expect(place(rows()[2])).toEqual(["3", "1000"]);
  update({ finishedJobs: history(jobs.slice(0, 30), "available") });
  expect(place(rows()[2])).toEqual(["3", "-1"]);
  update({ finishedJobs: history(jobs.slice(0, 30)) });
  expect(place(rows()[2])).toEqual(["3", "30"]);
});

it("loads older jobs when the end of the list comes near, and not before", async () => {
  scrollTo(0);
  const loadMore = vi.fn();
  const { update } = await show({
    finishedJobs: history(jobs.slice(0, 500), "available", loadMore),
  });
  expect(loadMore).not.toHaveBeenCalled();
  scrollTo(500 * 77);
  expect(loadMore).toHaveBeenCalledOnce();
  update({ finishedJobs: history(jobs.slice(0, 500), "loading", loadMore) });
  expect(screen.getByText("Loading older recordings …")).toBeTruthy();
  update({ finishedJobs: history(jobs, "none", loadMore) });
  scrollTo(1_000 * 77);
  expect(loadMore).toHaveBeenCalledOnce();
});

it("keeps the row that holds the focus", async () => {
  scrollTo(0);
  await show({ finishedJobs: history(jobs) });
  const link = screen.getByRole("link", { name: "job-1.mp3" });
  act(() => {
    link.focus();
  });
  scrollTo(20_000);
  expect(document.activeElement).toBe(link);
  expect(rows().length).toBeGreaterThan(5);
});

it("never has more than 60 of 6,000 segments in the document", async () => {
  stored.transcripts.set("long", transcript(segments(6_000)));
  location.hash = "#/job/long";
  await show({ finishedJobs: history([ended({ jobId: "long", segmentCount: 6_000 })]) });
  const region = screen.getByRole("region", { name: "Transcript" });
  const shown = within(region).getAllByRole("listitem");
  expect(shown.length).toBeLessThanOrEqual(60);
  expect(shown.length).toBeGreaterThan(10);
  expect(shown[0]?.getAttribute("aria-setsize")).toBe("6000");
  expect(region.tabIndex).toBe(0);
});

it("shows the newest lines of a transcript that is being made", async () => {
  stored.transcripts.set("live", transcript(segments(5)));
  const live = job({ jobId: "live", segmentCount: 5 });
  const { update } = await show({ activeJobs: { status: "success", data: [live] } });
  const lines = () =>
    within(screen.getByRole("list", { name: "Newest text of live.mp3" }))
      .getAllByRole("listitem")
      .map((line) => line.textContent);
  expect(lines()).toEqual(["0:08Sentence 2.", "0:12Sentence 3.", "0:16Sentence 4."]);
  stored.transcripts.set("live", transcript(segments(6)));
  update({ activeJobs: { status: "success", data: [{ ...live, segmentCount: 6 }] } });
  expect(lines().at(-1)).toBe("0:20Sentence 5.");
  expect(screen.getByRole("link", { name: "Show all text of live.mp3" }).getAttribute("href")).toBe(
    "#/job/live",
  );
});
