import type {
  FinishedJobs,
  JobView,
  PersistentTranscription,
  Segment,
  TranscriptState,
} from "../../src/transcription";

/** 2026-03-01 12:00 UTC. */
export const NOON = 1_772_366_400_000;

/** A job as the hook gives it. */
export function job(fields: Partial<JobView> & { jobId: string }): JobView {
  return {
    _id: fields.jobId as JobView["_id"],
    _creationTime: NOON,
    userId: "somebody",
    fileName: `${fields.jobId}.mp3`,
    status: "processing",
    progress: 0,
    createdAt: NOON,
    updatedAt: NOON,
    attempt: 1,
    segmentCount: 0,
    pageCount: 0,
    source: "convex",
    ...fields,
  };
}

/** A job that has ended. */
export function ended(fields: Partial<JobView> & { jobId: string }): JobView {
  return job({
    status: "completed",
    progress: 100,
    completedAt: NOON + 60_000,
    result: { language: "en", duration: 65, model: "base", textLength: 5 },
    ...fields,
  });
}

/** The history, whole unless `more` says otherwise. */
export function history(
  results: JobView[],
  more: "available" | "loading" | "none" = "none",
  loadMore: (count: number) => void = () => undefined,
): FinishedJobs {
  return { status: "success", more, results, loadMore };
}

/** What the hook gives: no jobs and nothing wrong, but for what a test says. */
export function transcription(
  given: Partial<PersistentTranscription> = {},
): PersistentTranscription {
  const activeJobs = given.activeJobs ?? { status: "success", data: [] };
  const finishedJobs = given.finishedJobs ?? history([]);
  const known = [
    ...(activeJobs.status === "success" ? activeJobs.data : []),
    ...finishedJobs.results,
  ];
  return {
    activeJobs,
    finishedJobs,
    stats: { status: "loading" },
    sync: "live",
    apiError: null,
    getJob: (jobId) => known.find((one) => one.jobId === jobId) ?? null,
    startTranscription: () => Promise.resolve("new"),
    cancelTranscription: () => Promise.resolve(),
    removeTranscription: () => Promise.resolve(),
    ...given,
  };
}

/** Segments of four seconds each, by two speakers in turns. */
export function segments(count: number): Segment[] {
  return Array.from({ length: count }, (_, index) => ({
    start: index * 4,
    end: index * 4 + 4,
    text: `Sentence ${index}.`,
    speaker: index % 2 === 0 ? "Ana" : "Bernd",
  }));
}

/** A transcript that has arrived. */
export function transcript(list: Segment[], pages: "loading" | "complete" = "complete") {
  const text = list.map((segment) => segment.text).join(" ");
  return { status: "success", segments: list, text, pages } satisfies TranscriptState;
}
