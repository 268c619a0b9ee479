import { type Infer, v } from "convex/values";
import { type Doc, type Id, type MutationCtx, type QueryCtx, RUN } from "../context.js";
import type { TranscriptChange } from "./decide.js";
import { BATCH_DELAY, PAGES_PER_BATCH } from "./limits.js";
import { appendSegments, type SegmentPage } from "./pages.js";
import { segment, type Segment, type SegmentChunk } from "./validators.js";

/** Pages to delete: all of a job, those before an attempt, or an attempt's live ones. */
export const pageRange = v.object({
  job: v.id("transcriptionJobs"),
  beforeAttempt: v.optional(v.number()),
  liveOfAttempt: v.optional(v.number()),
});
export type PageRange = Infer<typeof pageRange>;

/** A page as it is read: `offset` counts the segments before it, `text` is its slice of a text that is too long for the row. */
export const transcriptPage = v.object({
  offset: v.number(),
  segments: v.array(segment),
  text: v.optional(v.string()),
});
export type TranscriptPage = Infer<typeof transcriptPage>;

type PageKind = Doc<"transcriptionPages">["kind"];

/**
 * Writes what an update does to the pages.
 *
 * @param row the job's row before the update
 * @param attempt the job's attempt after the update
 * @param deleteLimit how many of the pages that it replaces are deleted now; the rest follows in batches
 * @returns how many pages hold the segments that were written, 0 if none were
 */
export async function writeTranscript(
  ctx: MutationCtx,
  row: Doc<"transcriptionJobs">,
  attempt: number,
  change: TranscriptChange,
  deleteLimit: number,
): Promise<number> {
  const { newAttempt, append, replace, textSlices } = change;
  if (newAttempt || replace !== undefined) {
    await pointTo(ctx, row, attempt, replace === undefined ? "live" : "final");
  }
  if (newAttempt && row.pageCount > 0) {
    await deletePages(ctx, { job: row._id, beforeAttempt: attempt }, deleteLimit);
  }
  for (const [page, text] of textSlices.entries()) {
    const slice = { page, offset: 0, count: 0, bytes: 0, segments: "[]", text };
    await insertPage(ctx, row._id, attempt, "text", slice);
  }
  if (replace === undefined) return await appendLive(ctx, row._id, attempt, append);

  const pages = appendSegments(null, replace);
  for (const page of pages) await insertPage(ctx, row._id, attempt, "final", page);
  if (!newAttempt && row.segmentCount > 0) {
    await deletePages(ctx, { job: row._id, liveOfAttempt: attempt }, deleteLimit);
  }
  return pages.length;
}

async function appendLive(
  ctx: MutationCtx,
  job: Id<"transcriptionJobs">,
  attempt: number,
  added: SegmentChunk[],
): Promise<number> {
  if (added.length === 0) return 0;
  const last = await pagesOf(ctx, job, attempt, "live").order("desc").first();
  const changed = appendSegments(last, added);
  for (const page of changed) {
    if (last !== null && page.page === last.page) {
      await ctx.db.patch("transcriptionPages", last._id, {
        segments: page.segments,
        count: page.count,
        bytes: page.bytes,
      });
    } else {
      await insertPage(ctx, job, attempt, "live", page);
    }
  }
  return (changed[changed.length - 1]?.page ?? -1) + 1;
}

async function insertPage(
  ctx: MutationCtx,
  job: Id<"transcriptionJobs">,
  attempt: number,
  kind: PageKind,
  page: SegmentPage & { text?: string },
): Promise<void> {
  await ctx.db.insert("transcriptionPages", { job, attempt, kind, ...page });
}

function pagesOf(ctx: QueryCtx, job: Id<"transcriptionJobs">, attempt: number, kind: PageKind) {
  return ctx.db
    .query("transcriptionPages")
    .withIndex("by_job_and_attempt_and_kind_and_page", (q) =>
      q.eq("job", job).eq("attempt", attempt).eq("kind", kind),
    );
}

/** Makes these the pages that readers see. Makes the row in `transcriptionTranscripts` if the job lacks one. */
export async function pointTo(
  ctx: MutationCtx,
  { _id: job, jobId, userId }: Pick<Doc<"transcriptionJobs">, "_id" | "jobId" | "userId">,
  attempt: number,
  kind: Doc<"transcriptionTranscripts">["kind"],
): Promise<void> {
  const current = await findTranscript(ctx, jobId);
  if (current === null) {
    await ctx.db.insert("transcriptionTranscripts", { job, jobId, userId, attempt, kind });
  } else if (current.attempt !== attempt || current.kind !== kind) {
    await ctx.db.patch("transcriptionTranscripts", current._id, { attempt, kind });
  }
}

/** The cold row that says which pages are current. */
export async function findTranscript(
  ctx: QueryCtx,
  jobId: string,
): Promise<Doc<"transcriptionTranscripts"> | null> {
  return await ctx.db
    .query("transcriptionTranscripts")
    .withIndex("by_job_id", (q) => q.eq("jobId", jobId))
    .unique();
}

/** One page of a transcript, `null` where there is none. Reads nothing that changes after the page was closed. */
export async function readPage(
  ctx: QueryCtx,
  { job, attempt, kind }: Doc<"transcriptionTranscripts">,
  page: number,
): Promise<TranscriptPage | null> {
  const at = async (wanted: PageKind) =>
    await ctx.db
      .query("transcriptionPages")
      .withIndex("by_job_and_attempt_and_kind_and_page", (q) =>
        q.eq("job", job).eq("attempt", attempt).eq("kind", wanted).eq("page", page),
      )
      .unique();
  const found = await at(kind);
  const text = (await at("text"))?.text;
  if (found !== null) {
    const segments = JSON.parse(found.segments) as Segment[];
    return { offset: found.offset, segments, ...(text !== undefined && { text }) };
  }
  if (text === undefined) return null;
  const last = await pagesOf(ctx, job, attempt, kind).order("desc").first();
  return { offset: last === null ? 0 : last.offset + last.count, segments: [], text };
}

/**
 * Deletes at most `limit` pages now; the rest follows in batches of their own.
 * @returns how many were deleted now
 */
export async function deletePages(
  ctx: MutationCtx,
  range: PageRange,
  limit = PAGES_PER_BATCH,
): Promise<number> {
  const { job, beforeAttempt, liveOfAttempt } = range;
  const pages = await ctx.db
    .query("transcriptionPages")
    .withIndex("by_job_and_attempt_and_kind_and_page", (q) => {
      const ofJob = q.eq("job", job);
      if (liveOfAttempt !== undefined) return ofJob.eq("attempt", liveOfAttempt).eq("kind", "live");
      return beforeAttempt === undefined ? ofJob : ofJob.lt("attempt", beforeAttempt);
    })
    .take(limit);
  for (const { _id } of pages) await ctx.db.delete("transcriptionPages", _id);
  if (pages.length === limit) {
    await ctx.scheduler.runAfter(BATCH_DELAY, RUN, { op: "deletePages", pages: range });
  }
  return pages.length;
}
