import { stored } from "./transcripts";
import { fireEvent, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { TranscriptionError, type PersistentTranscription } from "../../src/transcription";
import { ended, history, job, segments, transcript } from "./madeUp";
import { axeProblems, setHealth, setLanguages, show, setUpPage } from "./support";

setUpPage();

const running = job({ jobId: "live", progress: 40, stage: "transcribing", segmentCount: 5 });
const finished = history([
  ended({ jobId: "talk", segmentCount: 5 }),
  ended({ jobId: "bad", status: "failed", error: "The audio file is broken: no frames." }),
  ended({ jobId: "off", status: "cancelled" }),
]);
const busy: Partial<PersistentTranscription> = {
  activeJobs: {
    status: "success",
    data: [
      running,
      job({ jobId: "sending", status: "pending", upload: { loaded: 1, total: 9 } }),
      job({ jobId: "waiting", status: "pending", stage: "queued", stalledAt: running.updatedAt }),
    ],
  },
  finishedJobs: finished,
  stats: { status: "success", data: { active: 3, completed: 1, failed: 1, cancelled: 1 } },
};
const error = new TranscriptionError("api_unreachable", "fetch failed");

interface Scene {
  state: Partial<PersistentTranscription>;
  hash?: string;
  apiBaseUrl?: null;
}

const scenes: Record<string, Scene> = {
  empty: { state: {} },
  "uploads off": { state: {}, apiBaseUrl: null },
  busy: { state: busy },
  "worker silent": { state: { ...busy, sync: "worker-silent", apiError: error } },
  "connection cut": { state: { ...busy, sync: "convex-unreachable" } },
  recovered: { state: { ...busy, sync: "recovered" } },
  unreadable: { state: { activeJobs: { status: "error", error } } },
  loading: {
    state: {
      activeJobs: { status: "loading" },
      finishedJobs: { status: "loading", results: [], loadMore: () => undefined },
    },
  },
  "signed out": {
    state: {
      activeJobs: { status: "signed-out" },
      finishedJobs: { status: "signed-out", results: [], loadMore: () => undefined },
    },
  },
  transcript: { state: busy, hash: "#/job/talk" },
  "live transcript": { state: busy, hash: "#/job/live" },
  "failed job": { state: busy, hash: "#/job/bad" },
  "no such job": { state: busy, hash: "#/job/none" },
};

describe.each(["en", "es"])("axe finds nothing wrong (%s)", (language) => {
  it.each(Object.entries(scenes))("%s", async (_name, { state, hash = "", apiBaseUrl }) => {
    setLanguages(language);
    for (const id of ["talk", "live"]) stored.transcripts.set(id, transcript(segments(5)));
    stored.transcripts.set("bad", transcript([]));
    location.hash = hash;
    await show(state, apiBaseUrl === null ? { apiBaseUrl } : {});
    expect(await axeProblems()).toEqual([]);
  });

  it("the worker away, and questions being asked", async () => {
    setLanguages(language);
    setHealth(null);
    await show(busy);
    fireEvent.click(screen.getAllByRole("button", { name: /bad\.mp3$/ })[0] as HTMLElement);
    fireEvent.click(screen.getAllByRole("button", { name: /off\.mp3$/ })[1] as HTMLElement);
    expect(await axeProblems()).toEqual([]);
  });
});
