import { paginationOptsValidator, paginationResultValidator } from "convex/server";
import { v } from "convex/values";
import { internalMutation, mutation, query } from "./_generated/server.js";
import { requireUserId } from "./auth.js";
import { variables } from "./env.js";
import { applyUpdate } from "./model/applyUpdate.js";
import { jobError } from "./model/errors.js";
import { createJob, deleteJob, endByUser, findJob, requireOwnJob } from "./model/jobs.js";
import { MAX_ACTIVE_LISTED, MAX_ERROR_LENGTH, MAX_FINISHED_PAGE } from "./model/limits.js";
import { NO_JOBS } from "./model/stats.js";
import { isTerminal } from "./model/status.js";
import { isStorable } from "./model/text.js";
import { signTicket } from "./model/ticket.js";
import { findTranscript, readPage } from "./model/transcript.js";
import { segment, update, updateAnswer } from "./model/validators.js";
import schema from "./schema.js";

const job = schema.doc("transcriptionJobs");
const ticketOrNull = v.union(v.string(), v.null());
const newJob = {
  jobId: v.optional(v.string()),
  fileName: v.optional(v.string()),
  fileSize: v.optional(v.number()),
};
const created = v.object({ jobId: v.string(), ticket: ticketOrNull });

/**
 * Makes a pending job for the signed-in user, before the audio is uploaded. With a `jobId` that
 * this user already has, returns that job. `fileSize` in bytes.
 * @returns the job's id, and the ticket for the worker's API (`null` when no key is configured)
 * @throws ConvexError `unauthenticated`, `invalid_argument`, `job_id_taken`
 */
export const create = mutation({
  args: newJob,
  returns: created,
  handler: async (ctx, args) => {
    const jobId = await createJob(ctx, await requireUserId(ctx), args);
    return { jobId, ticket: await signTicket(variables["CONVEX_API_KEY"], jobId, Date.now()) };
  },
});

/**
 * Makes a job from the command line, on a deployment that has no sign-in yet:
 * `npx convex run transcriptionJobs:createFor '{"userId":"me"}'`.
 * @throws ConvexError `invalid_argument`, `job_id_taken`
 */
export const createFor = internalMutation({
  args: { ...newJob, userId: v.string() },
  returns: created,
  handler: async (ctx, { userId, ...args }) => {
    if (userId === "") throw jobError("invalid_argument", "userId: must not be empty.");
    const jobId = await createJob(ctx, userId, args);
    return { jobId, ticket: await signTicket(variables["CONVEX_API_KEY"], jobId, Date.now()) };
  },
});

/**
 * One job of the signed-in user, `null` for any other.
 * @throws ConvexError `unauthenticated`
 */
export const get = query({
  args: { jobId: v.string() },
  returns: v.union(job, v.null()),
  handler: async (ctx, { jobId }) => {
    const userId = await requireUserId(ctx);
    const row = await findJob(ctx, jobId);
    return row?.userId === userId ? row : null;
  },
});

/**
 * The signed-in user's jobs that have not ended, newest first, at most 50.
 * @throws ConvexError `unauthenticated`
 */
export const listActive = query({
  args: {},
  returns: v.array(job),
  handler: async (ctx) => {
    const userId = await requireUserId(ctx);
    return await ctx.db
      .query("transcriptionJobs")
      .withIndex("by_user_id_and_completed_at", (q) =>
        q.eq("userId", userId).eq("completedAt", undefined),
      )
      .order("desc")
      .take(MAX_ACTIVE_LISTED);
  },
});

/**
 * The signed-in user's jobs that have ended, newest end first, at most 100 a page.
 * @throws ConvexError `unauthenticated`
 */
export const listFinished = query({
  args: { paginationOpts: paginationOptsValidator },
  returns: paginationResultValidator(job),
  handler: async (ctx, { paginationOpts }) => {
    const userId = await requireUserId(ctx);
    const numItems = Math.min(Math.max(1, Math.floor(paginationOpts.numItems)), MAX_FINISHED_PAGE);
    return await ctx.db
      .query("transcriptionJobs")
      .withIndex("by_user_id_and_completed_at", (q) => q.eq("userId", userId).gte("completedAt", 0))
      .order("desc")
      .paginate({ ...paginationOpts, numItems });
  },
});

/**
 * How many jobs the signed-in user has; `active` are those that have not ended.
 * @throws ConvexError `unauthenticated`
 */
export const stats = query({
  args: {},
  returns: v.object({
    active: v.number(),
    completed: v.number(),
    failed: v.number(),
    cancelled: v.number(),
  }),
  handler: async (ctx) => {
    const userId = await requireUserId(ctx);
    const row = await ctx.db
      .query("transcriptionStats")
      .withIndex("by_user_id", (q) => q.eq("userId", userId))
      .unique();
    const { active, completed, failed, cancelled } = row ?? NO_JOBS;
    return { active, completed, failed, cancelled };
  },
});

/**
 * Ends an active job; the worker learns it from the answer to its next update. Changes nothing
 * when the job has ended.
 * @throws ConvexError `unauthenticated`, `job_not_found`
 */
export const cancel = mutation({
  args: { jobId: v.string() },
  returns: v.null(),
  handler: async (ctx, { jobId }) => {
    const row = await requireOwnJob(ctx, await requireUserId(ctx), jobId);
    if (!isTerminal(row.status)) await endByUser(ctx, row, "cancelled");
    return null;
  },
});

/**
 * Deletes a job that has ended, with its transcript.
 * @throws ConvexError `unauthenticated`, `job_not_found`, `job_active`
 */
export const remove = mutation({
  args: { jobId: v.string() },
  returns: v.null(),
  handler: async (ctx, { jobId }) => {
    const row = await requireOwnJob(ctx, await requireUserId(ctx), jobId);
    if (!isTerminal(row.status)) {
      throw jobError("job_active", "The job has not ended. Cancel it first.");
    }
    await deleteJob(ctx, row);
    return null;
  },
});

/**
 * One page of a job's transcript, counted from 0, `null` where there is none; the row's
 * `pageCount` says how many there are. `offset` counts the segments before the page; `text` is
 * this page's slice of a text that is too long for the row. A closed page never re-runs.
 * @throws ConvexError `unauthenticated`
 */
export const transcript = query({
  args: { jobId: v.string(), page: v.number() },
  returns: v.union(
    v.object({ offset: v.number(), segments: v.array(segment), text: v.optional(v.string()) }),
    v.null(),
  ),
  handler: async (ctx, { jobId, page }) => {
    const userId = await requireUserId(ctx);
    const pages = await findTranscript(ctx, jobId);
    return pages?.userId === userId ? await readPage(ctx, pages, page) : null;
  },
});

/**
 * The right to use the worker's API for one job, for 24 hours; `null` when no key is configured.
 * A mutation, because it depends on the time.
 * @throws ConvexError `unauthenticated`, `job_not_found`
 */
export const ticket = mutation({
  args: { jobId: v.string() },
  returns: ticketOrNull,
  handler: async (ctx, { jobId }) => {
    await requireOwnJob(ctx, await requireUserId(ctx), jobId);
    return await signTicket(variables["CONVEX_API_KEY"], jobId, Date.now());
  },
});

/**
 * Ends a job whose audio never reached the worker: `failed` while it is pending and no worker has
 * reported on it; else nothing changes.
 * @param error what went wrong, for people
 * @throws ConvexError `unauthenticated`, `invalid_argument`, `job_not_found`
 */
export const uploadFailed = mutation({
  args: { jobId: v.string(), error: v.string() },
  returns: v.null(),
  handler: async (ctx, { jobId, error }) => {
    const row = await requireOwnJob(ctx, await requireUserId(ctx), jobId);
    if (error === "" || error.length > MAX_ERROR_LENGTH || !isStorable(error)) {
      throw jobError("invalid_argument", `error: 1 to ${MAX_ERROR_LENGTH} characters are allowed.`);
    }
    if (row.status === "pending" && row.reported === undefined) {
      await endByUser(ctx, row, "failed", error);
    }
    return null;
  },
});

/** One update of a worker, checked by the endpoint: the only writer that the endpoint uses. */
export const updateFromAPI = internalMutation({
  args: update,
  returns: updateAnswer,
  handler: async (ctx, args) => await applyUpdate(ctx, args),
});
