import type { Doc } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { jobError } from "./errors";
import { JOB_ID_PATTERN, MAX_FILE_NAME_LENGTH, PAGES_PER_BATCH } from "./limits";
import { countJob } from "./stats";
import type { TerminalStatus } from "./status";
import { isStorable } from "./text";
import { deletePages, findTranscript, pointTo } from "./transcript";

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
export interface NewJob {
  jobId?: string;
  fileName?: string;
  fileSize?: number;
}

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

/** Ends an active job at its user's side; from here on no worker's update changes it. */
export async function endByUser(
  ctx: MutationCtx,
  row: Doc<"transcriptionJobs">,
  status: TerminalStatus,
  error?: string,
): Promise<void> {
  const now = Date.now();
  await ctx.db.patch("transcriptionJobs", row._id, {
    status,
    error,
    endedBy: "user",
    completedAt: Math.max(now, row.createdAt),
    updatedAt: Math.max(now, row.updatedAt + 1),
    stage: undefined,
    message: undefined,
    estimatedTimeRemaining: undefined,
    stalledAt: undefined,
  });
  await countJob(ctx, row.userId, row.status, status);
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
  if (transcript !== null) await ctx.db.delete("transcripts", transcript._id);
  await countJob(ctx, row.userId, row.status, null);
  return row.pageCount === 0 ? 0 : await deletePages(ctx, { job: row._id }, pageLimit);
}
