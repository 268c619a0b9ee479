import type { WithoutSystemFields } from "convex/server";
import type { Doc } from "../context.js";
import { ROW_TEXT_BYTES, TEXT_SLICE_BYTES } from "./limits.js";
import { dropFirst, segmentCount } from "./pages.js";
import { furtherStatus, isTerminal } from "./status.js";
import { cutText, utf8Length } from "./text.js";
import type { AudioInfo, ResultSummary, SegmentChunk, Update } from "./validators.js";

/** A job's row without the fields that the database adds. */
export type Job = WithoutSystemFields<Doc<"transcriptionJobs">>;

/** Fields of a row to change, `undefined` for those to remove. */
export type JobPatch = {
  [Key in keyof Job]?: undefined extends Job[Key] ? Job[Key] | undefined : Job[Key];
};

/** What an update does to the transcript's pages. */
export interface TranscriptChange {
  /** The pages of earlier attempts are no longer the job's. */
  newAttempt: boolean;
  /** Segments to append to the live ones. */
  append: SegmentChunk[];
  /** The result's segments, which take the place of the live ones. */
  replace: SegmentChunk[] | undefined;
  /** The whole text in slices, where it is longer than the row holds. */
  textSlices: string[];
}

/** What an update means; see README, "What an update does". */
export type Decision =
  | { kind: "refuse"; code: "user_mismatch" }
  | { kind: "refuse"; code: "segment_gap"; expected: number }
  | { kind: "keep"; outcome: "duplicate" | "ignored" | "stale" }
  | { kind: "apply"; job: Job; transcript: TranscriptChange };

/**
 * Decides what one update does to a job. All of the synchronisation's rules are here and in
 * `merge`: no clock, no database, the same answer for the same arguments.
 *
 * @param job the row as it is; it is not changed
 * @param update a checked update of this job
 * @param now when the update arrived, epoch milliseconds by the server's clock
 * @returns for `apply` the whole row afterwards, except that `pageCount` does not yet count pages
 *   of segments that this update brings: how many there are depends on the page that is open.
 */
export function decide(job: Job, update: Update, now: number): Decision {
  if (update.userId !== undefined && update.userId !== job.userId) {
    return { kind: "refuse", code: "user_mismatch" };
  }
  if (update.attempt < job.attempt) return { kind: "keep", outcome: "stale" };
  const newAttempt = update.attempt > job.attempt;
  if (job.endedBy === "user" || (newAttempt && isTerminal(job.status))) {
    return { kind: "keep", outcome: "ignored" };
  }
  const base = newAttempt ? cleanSlate(job, update.attempt) : job;
  const ends = !isTerminal(base.status) && isTerminal(update.status);
  const final = ends && update.status === "completed" ? update.result?.segments : undefined;

  const live = base.segmentsFinal === true || final !== undefined ? undefined : update.live;
  if (live !== undefined && live.offset > base.segmentCount && live.items.length > 0) {
    return { kind: "refuse", code: "segment_gap", expected: base.segmentCount };
  }
  if (update.sequence !== undefined && update.sequence === base.sequence) {
    return { kind: "keep", outcome: "duplicate" };
  }

  const append = live === undefined ? [] : dropFirst(live.items, base.segmentCount - live.offset);
  const textSlices = ends && update.status === "completed" ? longText(update) : [];
  const merged = merge(base, update, ends, now);
  const isNews = newAttempt || (!isTerminal(base.status) && isNewest(base, update));
  if (!isNews && append.length === 0 && !differs(base, merged)) {
    return { kind: "keep", outcome: isTerminal(base.status) ? "ignored" : "stale" };
  }
  return {
    kind: "apply",
    job: withoutUndefined<Job>({
      ...merged,
      updatedAt: Math.max(now, job.updatedAt + 1),
      reported: true,
      stalledAt: undefined,
      segmentCount:
        final === undefined ? base.segmentCount + segmentCount(append) : segmentCount(final),
      pageCount: Math.max(final === undefined ? base.pageCount : 0, textSlices.length),
      segmentsFinal: final === undefined ? base.segmentsFinal : true,
    }),
    transcript: { newAttempt, append, replace: final, textSlices },
  };
}

/** A job whose worker crashed and begins again: only what its user made stays. */
function cleanSlate(job: Job, attempt: number): Job {
  const { jobId, userId, fileName, fileSize, createdAt, updatedAt } = job;
  return withoutUndefined<Job>({
    jobId,
    userId,
    fileName,
    fileSize,
    createdAt,
    updatedAt,
    status: "pending",
    progress: 0,
    attempt,
    segmentCount: 0,
    pageCount: 0,
  });
}

/** Whether an update tells of a later moment than all before it. */
function isNewest(job: Job, update: Update): boolean {
  return (
    update.sequence === undefined || job.sequence === undefined || update.sequence > job.sequence
  );
}

/** Each field's own rule, so that the order of arrival does not matter. */
function merge(job: Job, update: Update, ends: boolean, now: number): Job {
  const ended = isTerminal(job.status);
  const status = furtherStatus(job.status, update.status);
  // What the page shows as the present state: the end's, else the newest update's.
  const newest = ends || (!ended && isNewest(job, update)) ? update : job;
  return withoutUndefined<Job>({
    ...job,
    status,
    progress: status === "completed" ? 100 : Math.max(job.progress, update.progress ?? 0),
    stage: newest.stage,
    message: newest.message,
    estimatedTimeRemaining: newest.estimatedTimeRemaining,
    sequence: newest.sequence ?? job.sequence,
    startedAt: earliest(job.startedAt, update.startedAt),
    audioInfo: mergeAudioInfo(job.audioInfo, update.audioInfo),
    ...(ends && {
      completedAt: Math.max(update.completedAt ?? now, update.startedAt ?? 0, job.createdAt),
      endedBy: "worker",
      error: update.error,
      errorCode: update.errorCode,
      result: summary(update),
    }),
  });
}

function earliest(known: number | undefined, reported: number | undefined): number | undefined {
  if (known === undefined || reported === undefined) return known ?? reported;
  return Math.min(known, reported);
}

/** Key by key; of two different values the greater, whichever came first. */
function mergeAudioInfo(
  known: AudioInfo | undefined,
  reported: AudioInfo | undefined,
): AudioInfo | undefined {
  if (known === undefined || reported === undefined) return known ?? reported;
  const merged: Record<string, number | string> = { ...known };
  for (const [key, value] of Object.entries(reported)) {
    const current = merged[key];
    if (current === undefined || value > current) merged[key] = value;
  }
  return merged;
}

function summary({ result }: Update): ResultSummary | undefined {
  if (result === undefined) return undefined;
  const { language, duration, model, text } = result;
  return withoutUndefined<ResultSummary>({
    language,
    duration,
    model,
    text: text === undefined ? undefined : (cutText(text, ROW_TEXT_BYTES)[0] ?? ""),
    textLength: text?.length ?? 0,
  });
}

function longText({ result }: Update): string[] {
  const text = result?.text ?? "";
  return utf8Length(text) > ROW_TEXT_BYTES ? cutText(text, TEXT_SLICE_BYTES) : [];
}

/** Whether a merge changed anything; objects are compared by what they hold. */
function differs(before: Job, after: Job): boolean {
  return Object.keys(changedFields(before, after)).length > 0;
}

/** The object without its `undefined` fields, as the database stores it. */
function withoutUndefined<T extends object>(value: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

/** The fields to patch, `undefined` for those to remove. */
export function changedFields(before: Job, after: Job): JobPatch {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Job>;
  const changed = [...keys].filter((key) => !isSame(before[key], after[key]));
  return Object.fromEntries(changed.map((key) => [key, after[key]]));
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  return [...keys].every((key) => isSame(left[key], right[key]));
}
