import {
  paginationOptsValidator,
  type PaginationOptions,
  type PaginationResult,
  paginationResultValidator,
  type RegisteredMutation,
  type RegisteredQuery,
} from "convex/server";
import { type Infer, v } from "convex/values";
import { type Doc, internalMutation, mutation, query, schema } from "./context.js";
import { environment } from "./environment.js";
import { applyUpdate } from "./model/applyUpdate.js";
import { jobError } from "./model/errors.js";
import {
  createJob,
  deleteJob,
  endByUser,
  findJob,
  type NewJob,
  newJob,
  requireOwnJob,
} from "./model/jobs.js";
import { MAX_ACTIVE_LISTED, MAX_ERROR_LENGTH, MAX_FINISHED_PAGE } from "./model/limits.js";
import type { OnEnd } from "./model/onEnd.js";
import { type Counts, NO_JOBS } from "./model/stats.js";
import { isTerminal } from "./model/status.js";
import { isStorable } from "./model/text.js";
import { signTicket } from "./model/ticket.js";
import {
  findTranscript,
  readPage,
  type TranscriptPage,
  transcriptPage,
} from "./model/transcript.js";
import { type Update, update, type UpdateAnswer, updateAnswer } from "./model/validators.js";
import { type OperationArgs, operationArgs, removeAllOf, runOperation } from "./operations.js";
import { type AppQueryCtx, type GetUserId, requireUserId, userIdFromToken } from "./userId.js";

/** A job as the public functions return it; see `transcriptionTables` for its units. */
export type TranscriptionJob = Doc<"transcriptionJobs">;
export const transcriptionJob = schema.doc("transcriptionJobs");

const created = v.object({ jobId: v.string(), ticket: v.union(v.string(), v.null()) });
/** The new job's id, and the ticket for the worker's API, `null` when no key is configured. */
export type CreatedJob = Infer<typeof created>;

// The types of the functions are spelled out: Convex reads arguments and results off the names
// `RegisteredQuery` and `RegisteredMutation`, so a shorthand for them would make both `unknown`.

/**
 * The functions that an app exports from `convex/transcriptionJobs.ts`. The public ones throw
 * `ConvexError({ code, message })` with a code of `JOB_ERROR_CODES`, `unauthenticated` when nobody is signed in.
 */
export interface TranscriptionJobsFunctions {
  /**
   * Makes a pending job for the signed-in user, before the audio is uploaded. With a `jobId` that
   * this user already has, returns that job.
   * @throws ConvexError `unauthenticated`, `invalid_argument`, `job_id_taken`
   */
  create: RegisteredMutation<"public", NewJob, Promise<CreatedJob>>;
  /** One job of the signed-in user, `null` for any other. */
  get: RegisteredQuery<"public", { jobId: string }, Promise<TranscriptionJob | null>>;
  /** The signed-in user's jobs that have not ended, newest first, at most 50. */
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- Convex's type for "no arguments"
  listActive: RegisteredQuery<"public", {}, Promise<TranscriptionJob[]>>;
  /** The signed-in user's jobs that have ended, newest end first, at most 100 a page. */
  listFinished: RegisteredQuery<
    "public",
    { paginationOpts: PaginationOptions },
    Promise<PaginationResult<TranscriptionJob>>
  >;
  /** How many jobs the signed-in user has; `active` are those that have not ended. */
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- Convex's type for "no arguments"
  stats: RegisteredQuery<"public", {}, Promise<Counts>>;
  /**
   * Ends an active job; the worker learns it from the answer to its next update. Changes nothing
   * when the job has ended.
   * @throws ConvexError `unauthenticated`, `job_not_found`
   */
  cancel: RegisteredMutation<"public", { jobId: string }, Promise<null>>;
  /**
   * Deletes a job that has ended, with its transcript.
   * @throws ConvexError `unauthenticated`, `job_not_found`, `job_active`
   */
  remove: RegisteredMutation<"public", { jobId: string }, Promise<null>>;
  /**
   * One page of a job's transcript, counted from 0, `null` where there is none; the row's
   * `pageCount` says how many there are. No news of the job re-runs the query for a closed page;
   * a refresh of the sign-in token does, as it re-runs every query of that page.
   */
  transcript: RegisteredQuery<
    "public",
    { jobId: string; page: number },
    Promise<TranscriptPage | null>
  >;
  /**
   * The right to use the worker's API for one job, for 24 hours; `null` when no key is configured.
   * A mutation, because it depends on the time.
   * @throws ConvexError `unauthenticated`, `job_not_found`
   */
  ticket: RegisteredMutation<"public", { jobId: string }, Promise<string | null>>;
  /**
   * Ends a job whose audio never reached the worker: `failed` while it is pending and no worker
   * has reported on it; else nothing changes. `error` says what went wrong, for people.
   * @throws ConvexError `unauthenticated`, `invalid_argument`, `job_not_found`
   */
  uploadFailed: RegisteredMutation<"public", { jobId: string; error: string }, Promise<null>>;
  /** One update of a worker, checked by the endpoint: the only writer that the endpoint uses. */
  updateFromAPI: RegisteredMutation<"internal", Update, Promise<UpdateAnswer>>;
  /** All other internal work, by `op`. The module schedules and calls it by name. */
  run: RegisteredMutation<"internal", OperationArgs, Promise<UpdateAnswer[] | null>>;
  /**
   * Makes a job from the command line, on a deployment that has no sign-in yet:
   * `npx convex run transcriptionJobs:createFor '{"userId":"me"}'`.
   * @throws ConvexError `invalid_argument`, `job_id_taken`
   */
  createFor: RegisteredMutation<"internal", NewJob & { userId: string }, Promise<CreatedJob>>;
  /** Deletes all jobs of a person whose account is deleted, active ones too, in batches. */
  removeAllOf: RegisteredMutation<"internal", { userId: string }, Promise<null>>;
}

export interface TranscriptionJobsOptions {
  /** Who the user is: `identity.tokenIdentifier` where an app does not say it otherwise. */
  getUserId?: GetUserId | undefined;
  /** An internal mutation or action of the app with `onEndArgs`, called once for each job that ends. */
  onEnd?: OnEnd | undefined;
}

/** Makes the functions of the module; an app exports them from `convex/transcriptionJobs.ts`. */
export function defineTranscriptionJobs({
  getUserId = userIdFromToken,
  onEnd,
}: TranscriptionJobsOptions = {}): TranscriptionJobsFunctions {
  const user = async (ctx: AppQueryCtx) => await requireUserId(ctx, getUserId);
  const ticketFor = async (jobId: string) =>
    await signTicket(environment.apiKeys, jobId, Date.now());

  return {
    create: mutation({
      args: newJob,
      returns: created,
      handler: async (ctx, args) => {
        const jobId = await createJob(ctx, await user(ctx), args);
        return { jobId, ticket: await ticketFor(jobId) };
      },
    }),

    get: query({
      args: { jobId: v.string() },
      returns: v.union(transcriptionJob, v.null()),
      handler: async (ctx, { jobId }) => {
        const userId = await user(ctx);
        const row = await findJob(ctx, jobId);
        return row?.userId === userId ? row : null;
      },
    }),

    listActive: query({
      args: {},
      returns: v.array(transcriptionJob),
      handler: async (ctx) => {
        const userId = await user(ctx);
        return await ctx.db
          .query("transcriptionJobs")
          .withIndex("by_user_id_and_completed_at", (q) =>
            q.eq("userId", userId).eq("completedAt", undefined),
          )
          .order("desc")
          .take(MAX_ACTIVE_LISTED);
      },
    }),

    listFinished: query({
      args: { paginationOpts: paginationOptsValidator },
      returns: paginationResultValidator(transcriptionJob),
      handler: async (ctx, { paginationOpts }) => {
        const userId = await user(ctx);
        const asked = Math.max(1, Math.floor(paginationOpts.numItems));
        return await ctx.db
          .query("transcriptionJobs")
          .withIndex("by_user_id_and_completed_at", (q) =>
            q.eq("userId", userId).gte("completedAt", 0),
          )
          .order("desc")
          .paginate({ ...paginationOpts, numItems: Math.min(asked, MAX_FINISHED_PAGE) });
      },
    }),

    stats: query({
      args: {},
      returns: v.object({
        active: v.number(),
        completed: v.number(),
        failed: v.number(),
        cancelled: v.number(),
      }),
      handler: async (ctx) => {
        const userId = await user(ctx);
        const row = await ctx.db
          .query("transcriptionStats")
          .withIndex("by_user_id", (q) => q.eq("userId", userId))
          .unique();
        const { active, completed, failed, cancelled } = row ?? NO_JOBS;
        return { active, completed, failed, cancelled };
      },
    }),

    cancel: mutation({
      args: { jobId: v.string() },
      returns: v.null(),
      handler: async (ctx, { jobId }) => {
        const row = await requireOwnJob(ctx, await user(ctx), jobId);
        if (!isTerminal(row.status)) await endByUser(ctx, row, { status: "cancelled" }, onEnd);
        return null;
      },
    }),

    remove: mutation({
      args: { jobId: v.string() },
      returns: v.null(),
      handler: async (ctx, { jobId }) => {
        const row = await requireOwnJob(ctx, await user(ctx), jobId);
        if (!isTerminal(row.status)) {
          throw jobError("job_active", "The job has not ended. Cancel it first.");
        }
        await deleteJob(ctx, row);
        return null;
      },
    }),

    transcript: query({
      args: { jobId: v.string(), page: v.number() },
      returns: v.union(transcriptPage, v.null()),
      handler: async (ctx, { jobId, page }) => {
        const userId = await user(ctx);
        const pages = await findTranscript(ctx, jobId);
        return pages?.userId === userId ? await readPage(ctx, pages, page) : null;
      },
    }),

    ticket: mutation({
      args: { jobId: v.string() },
      returns: created.fields.ticket,
      handler: async (ctx, { jobId }) => {
        await requireOwnJob(ctx, await user(ctx), jobId);
        return await ticketFor(jobId);
      },
    }),

    uploadFailed: mutation({
      args: { jobId: v.string(), error: v.string() },
      returns: v.null(),
      handler: async (ctx, { jobId, error }) => {
        const row = await requireOwnJob(ctx, await user(ctx), jobId);
        if (error === "" || error.length > MAX_ERROR_LENGTH || !isStorable(error)) {
          throw jobError(
            "invalid_argument",
            `error: 1 to ${MAX_ERROR_LENGTH} characters are allowed.`,
          );
        }
        if (row.status === "pending" && row.reported === undefined) {
          await endByUser(ctx, row, { status: "failed", error, errorCode: "upload_failed" }, onEnd);
        }
        return null;
      },
    }),

    updateFromAPI: internalMutation({
      args: update,
      returns: updateAnswer,
      handler: async (ctx, args) => await applyUpdate(ctx, args, onEnd),
    }),

    run: internalMutation({
      args: operationArgs,
      returns: v.union(v.array(updateAnswer), v.null()),
      handler: async (ctx, args) => await runOperation(ctx, args, onEnd),
    }),

    createFor: internalMutation({
      args: { ...newJob, userId: v.string() },
      returns: created,
      handler: async (ctx, { userId, ...args }) => {
        if (userId === "") throw jobError("invalid_argument", "userId: must not be empty.");
        const jobId = await createJob(ctx, userId, args);
        return { jobId, ticket: await ticketFor(jobId) };
      },
    }),

    removeAllOf: internalMutation({
      args: { userId: v.string() },
      returns: v.null(),
      handler: async (ctx, { userId }) => {
        await removeAllOf(ctx, userId);
        return null;
      },
    }),
  };
}
