import { stored } from "./transcripts";
import { render, screen, within } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { TranscriptionError, type FinishedJobs } from "../../src/transcription";
import { ErrorBoundary } from "../../src/page/components/ErrorBoundary";
import { TextProvider } from "../../src/page/i18n/TextProvider";
import { history, job, ended, transcription } from "./madeUp";
import { setHealth, show, setUpPage } from "./support";

setUpPage();

const running = job({ jobId: "talk", progress: 40, stage: "transcribing" });
const active = (...data: (typeof running)[]) => ({ status: "success", data }) as const;
const status = () => screen.getByRole("status", { name: "" });

it("says that nobody is signed in, why, and lets them sign in", async () => {
  const onSignIn = vi.fn();
  await show(
    { activeJobs: { status: "signed-out" }, finishedJobs: signedOut },
    { userName: null, onSignIn, signInProblem: { code: "unreachable", message: "ECONNREFUSED" } },
  );
  expect(screen.getByRole("heading", { name: "You are not signed in" })).toBeTruthy();
  expect(screen.getByText("ECONNREFUSED")).toBeTruthy();
  expect(status().textContent).toBe("Signed out");
  expect(screen.queryByLabelText("Choose recordings")).toBeNull();
  screen.getByRole("button", { name: "Sign in" }).click();
  expect(onSignIn).toHaveBeenCalledOnce();
});
const signedOut = {
  status: "signed-out",
  results: [],
  loadMore: () => undefined,
} satisfies FinishedJobs;

it.each([
  ["live", "Live", null],
  [
    "worker-silent",
    "Asking the service directly",
    /^No news from the transcription service for 0 secs; asking it directly\.$/,
  ],
  [
    "convex-unreachable",
    "Connection cut",
    /^The live connection is cut; reading every few seconds\.$/,
  ],
  ["recovered", "Connected again", /^Everything is live again\.$/],
] as const)("%s", async (sync, word, sentence) => {
  const { container } = await show({ sync, activeJobs: active(running) });
  expect(status().textContent).toBe(word);
  const banner = container.querySelector(".banner");
  if (sentence === null) expect(banner).toBeNull();
  else expect(banner?.textContent).toMatch(sentence);
});

it("says which errors there are, in the page's words where they are known", async () => {
  await show({
    activeJobs: { status: "error", error: new TranscriptionError("convex_error", "Too many.") },
    finishedJobs: {
      ...history([]),
      status: "error",
      error: new TranscriptionError("convex_unreachable", "fetch failed"),
    },
    apiError: new TranscriptionError("api_unreachable", "fetch failed"),
  });
  for (const sentence of [
    "Your active recordings could not be read: Too many.",
    "Your history could not be read: The server cannot be reached.",
    "The transcription service does not answer: Nobody answers at its address.",
  ]) {
    expect(screen.getByText(sentence).closest("[role=alert]")).not.toBeNull();
  }
});

it("marks who said what is shown", async () => {
  const stalledAt = running.updatedAt + 120_000;
  await show({
    activeJobs: active(
      { ...running, source: "worker", stalledAt },
      job({ jobId: "old", source: "convex-http" }),
      job({ jobId: "lost", stalledAt }),
    ),
  });
  const cards = screen.getAllByRole("article");
  expect(cards.map((card) => within(card).queryByText(/^No news since/) !== null)).toEqual([
    false,
    false,
    true,
  ]);
  expect(within(cards[0] as HTMLElement).getByText("asked from the service directly")).toBeTruthy();
  expect(
    within(cards[1] as HTMLElement).getByText("read without the live connection"),
  ).toBeTruthy();
});

it("shows why a job failed", async () => {
  await show({
    finishedJobs: history([
      ended({ jobId: "a", status: "failed", error: "The file is larger than 5 MB." }),
    ]),
  });
  expect(screen.getByText("The file is larger than 5 MB.")).toBeTruthy();
  expect(screen.getByText("Failed")).toBeTruthy();
});

it("says how to turn uploads on where there is no worker", async () => {
  await show({}, { apiBaseUrl: null });
  expect(screen.getByRole("heading", { name: "Uploads are off" })).toBeTruthy();
  expect(screen.getByText(/VITE_API_URL/)).toBeTruthy();
  expect(screen.queryByLabelText("Choose recordings")).toBeNull();
});

it("says that the worker cannot be reached, and asks again when told to", async () => {
  setHealth(null);
  await show();
  expect(
    screen.getByRole("heading", { name: "The transcription service cannot be reached" }),
  ).toBeTruthy();
  setHealth({ formats: ["mp3"], maxUploadBytes: 2_000_000 });
  screen.getByRole("button", { name: "Try again" }).click();
  expect(await screen.findByText("MP3, up to 2 MB each")).toBeTruthy();
  expect(screen.getByLabelText("Choose recordings")).toBeTruthy();
});

it("takes something else at the worker's address for no worker", async () => {
  setHealth("<!doctype html>");
  await show();
  expect(screen.getByRole("button", { name: "Try again" })).toBeTruthy();
});

it("says that it is loading", async () => {
  await show({
    activeJobs: { status: "loading" },
    finishedJobs: { status: "loading", results: [], loadMore: () => undefined },
  });
  expect(status().textContent).toBe("Connecting");
  expect(screen.getByText("Loading your recordings …")).toBeTruthy();
  expect(screen.getByText("Loading your history …")).toBeTruthy();
});

it("offers a reload where the page itself fails", () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const Broken = (): never => {
    throw new Error("a bug");
  };
  render(
    <TextProvider>
      <ErrorBoundary>
        <Broken />
      </ErrorBoundary>
    </TextProvider>,
  );
  expect(screen.getByRole("button", { name: "Reload the page" })).toBeTruthy();
});

it("gives data no other meaning than text", async () => {
  const evil = `<img src=x onerror="alert(1)">`;
  stored.transcripts.clear();
  const { container } = await show({
    activeJobs: active(job({ jobId: "a", fileName: evil, stage: evil, message: evil })),
    finishedJobs: history([ended({ jobId: "b", fileName: evil, status: "failed", error: evil })]),
  });
  expect(container.querySelector("img")).toBeNull();
  expect(screen.getAllByText(evil).length).toBeGreaterThan(2);
  expect(transcription().sync).toBe("live");
});
