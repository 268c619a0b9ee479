import type { AppQueryCtx } from "./userId.js";
import type { Doc, QueryCtx } from "./context.js";
import { findJob } from "./model/jobs.js";
import { findTranscript, readPage, type TranscriptPage } from "./model/transcript.js";

/**
 * A job by its id, for an app's own server code such as its `onEnd`: whose job it is, is not asked.
 * @returns `null` where there is none
 */
export async function readJob(
  ctx: AppQueryCtx,
  { jobId }: { jobId: string },
): Promise<Doc<"transcriptionJobs"> | null> {
  return await findJob(ctx as QueryCtx, jobId);
}

/**
 * One page of a job's transcript, counted from 0, for an app's own server code: whose job it is, is
 * not asked. A page takes at most 130 KiB, so that one transaction reads a hundred of them at most.
 * @returns `null` behind the last page
 */
export async function readTranscriptPage(
  ctx: AppQueryCtx,
  { jobId, page }: { jobId: string; page: number },
): Promise<TranscriptPage | null> {
  const own = ctx as QueryCtx;
  const pages = await findTranscript(own, jobId);
  return pages === null ? null : await readPage(own, pages, page);
}
