import { type ObjectType, v } from "convex/values";
import type { Doc, MutationCtx, QueryCtx } from "../context.js";
import { jobError } from "./errors.js";
import { JOB_ID_PATTERN, MAX_FILE_NAME_LENGTH, PAGES_PER_BATCH } from "./limits.js";
import { type OnEnd, scheduleOnEnd } from "./onEnd.js";
import { countJob } from "./stats.js";
import { isTerminal } from "./status.js";
import { isStorable } from "./text.js";
import type { Status } from "./validators.js";
import { deletePages, findTranscript, pointTo } from "./transcript.js";

/** A job's row by the id that page and worker know it by. */
export async function findJob(
  ctx: QueryCtx,
  jobId: string,
): Promise<Doc<"transcriptionJobs"> | null> {
  return await ctx.db
    .query("transcriptionJobs")
    .withIndex("by_job_id", (q) => q.eq("jobId", jobId))
    .unique();
}

/**
 * The user's own job.
 * @throws ConvexError `job_not_found`, for another person's job exactly as for none
 */
export async function requireOwnJob(
  ctx: QueryCtx,
  userId: string,
  jobId: string,
): Promise<Doc<"transcriptionJobs">> {
  const row = await findJob(ctx, jobId);
  if (row?.userId !== userId) {
    throw jobError("job_not_found", "There is no such job. It may have been removed.");
  }
  return row;
}

/** What a person gives when a job is made; `fileSize` in bytes. */
export const newJob = {
  jobId: v.optional(v.string()),
  fileName: v.optional(v.string()),
  fileSize: v.optional(v.number()),
};
export type NewJob = ObjectType<typeof newJob>;

/**
 * Makes a pending job, or finds the one that this user already has under this id.
 * @returns the job's id, a random UUID where none was given
 * @throws ConvexError `invalid_argument`, or `job_id_taken` when it is another person's
 */
export async function createJob(ctx: MutationCtx, userId: string, job: NewJob): Promise<string> {
  checkNewJob(job);
  const jobId = job.jobId ?? crypto.randomUUID();
  const existing = await findJob(ctx, jobId);
  if (existing !== null) {
    if (existing.userId === userId) return jobId;
    throw jobError("job_id_taken", "This jobId is in use. Choose another, or leave it out.");
  }
  const now = Date.now();
  const _id = await ctx.db.insert("transcriptionJobs", {
    ...job,
    jobId,
    userId,
    status: "pending",
    progress: 0,
    createdAt: now,
    updatedAt: now,
    attempt: 1,
    segmentCount: 0,
    pageCount: 0,
  });
  await pointTo(ctx, { _id, jobId, userId }, 1, "live");
  await countJob(ctx, userId, null, "pending");
  return jobId;
}

function checkNewJob({ jobId, fileName, fileSize }: NewJob): void {
  if (jobId !== undefined && !JOB_ID_PATTERN.test(jobId)) {
    throw jobError("invalid_argument", "jobId: 1 to 128 of A–Z a–z 0–9 . _ : - are allowed.");
  }
  if (fileName !== undefined && (fileName.length > MAX_FILE_NAME_LENGTH || !isStorable(fileName))) {
    throw jobError(
      "invalid_argument",
      `fileName: at most ${MAX_FILE_NAME_LENGTH} characters, without NUL, are allowed.`,
    );
  }
  if (fileSize !== undefined && !(Number.isFinite(fileSize) && fileSize >= 0)) {
    throw jobError("invalid_argument", "fileSize: give the number of bytes, 0 or more.");
  }
}

/** How a job ends at its user's side. */
export type End =
  | { status: "cancelled" }
  | { status: "failed"; error: string; errorCode: (typeof END_CODES)[number] };

/** The `errorCode` of jobs that this module itself ends. */
export const END_CODES = ["upload_failed", "upload_never_arrived"] as const;

/** Ends an active job at its user's side; from here on no worker's update changes it. */
export async function endByUser(
  ctx: MutationCtx,
  row: Doc<"transcriptionJobs">,
  { status, ...reason }: End,
  onEnd: OnEnd | undefined,
): Promise<void> {
  const now = Date.now();
  await ctx.db.patch("transcriptionJobs", row._id, {
    ...reason,
    status,
    endedBy: "user",
    completedAt: Math.max(now, row.createdAt),
    updatedAt: Math.max(now, row.updatedAt + 1),
    stage: undefined,
    message: undefined,
    estimatedTimeRemaining: undefined,
    stalledAt: undefined,
  });
  await statusChanged(ctx, row, status, onEnd);
}

/** What hangs on a job's status: the counts, and the app's `onEnd` when the job has just ended. */
export async function statusChanged(
  ctx: MutationCtx,
  row: Doc<"transcriptionJobs">,
  status: Status,
  onEnd: OnEnd | undefined,
): Promise<void> {
  await countJob(ctx, row.userId, row.status, status);
  if (isTerminal(status) && !isTerminal(row.status)) await scheduleOnEnd(ctx, onEnd, row, status);
}

/**
 * Deletes a job with all that belongs to it: at most `pageLimit` pages now, more in batches.
 * @returns how many pages were deleted now
 */
export async function deleteJob(
  ctx: MutationCtx,
  row: Doc<"transcriptionJobs">,
  pageLimit = PAGES_PER_BATCH,
): Promise<number> {
  await ctx.db.delete("transcriptionJobs", row._id);
  const transcript = await findTranscript(ctx, row.jobId);
  if (transcript !== null) await ctx.db.delete("transcriptionTranscripts", transcript._id);
  await countJob(ctx, row.userId, row.status, null);
  return row.pageCount === 0 ? 0 : await deletePages(ctx, { job: row._id }, pageLimit);
}

/**
 * Deletes as many of these jobs as one transaction may.
 * @returns how many jobs and pages were deleted now
 */
export async function deleteJobs(
  ctx: MutationCtx,
  rows: Doc<"transcriptionJobs">[],
): Promise<{ jobs: number; pages: number }> {
  let [jobs, pages] = [0, 0];
  for (const row of rows) {
    if (pages >= PAGES_PER_BATCH) break;
    pages += await deleteJob(ctx, row, PAGES_PER_BATCH - pages);
    jobs++;
  }
  return { jobs, pages };
}
