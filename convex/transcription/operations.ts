import { type ObjectType, v } from "convex/values";
import { type MutationCtx, RUN } from "./context.js";
import { environment } from "./environment.js";
import { applyUpdate } from "./model/applyUpdate.js";
import { jobError } from "./model/errors.js";
import { deleteJobs, endByUser } from "./model/jobs.js";
import {
  BATCH_DELAY,
  PAGES_PER_BATCH,
  ROWS_PER_BATCH,
  STALLED_AFTER,
  UPLOAD_EXPIRES_AFTER,
} from "./model/limits.js";
import { log } from "./model/log.js";
import type { OnEnd } from "./model/onEnd.js";
import { parseRetentionDays } from "./model/retention.js";
import { deletePages, type PageRange, pageRange } from "./model/transcript.js";
import { type Update, update, type UpdateAnswer } from "./model/validators.js";

/** The module's internal work, all behind the one internal function `run`. */
export type Operation =
  | { op: "watchdog" }
  | { op: "retention" }
  | { op: "deletePages"; pages: PageRange }
  | { op: "removeAllOf"; userId: string }
  | { op: "applyUpdates"; updates: Update[] };

/** `run`'s arguments. Convex takes an object here and no union, so each field is optional but `op`. */
export const operationArgs = {
  op: v.union(
    v.literal("watchdog"),
    v.literal("retention"),
    v.literal("deletePages"),
    v.literal("removeAllOf"),
    v.literal("applyUpdates"),
  ),
  pages: v.optional(pageRange),
  userId: v.optional(v.string()),
  updates: v.optional(v.array(update)),
};
export type OperationArgs = ObjectType<typeof operationArgs>;

/**
 * Does one operation.
 * @returns what became of each update for `applyUpdates`, else `null`
 * @throws ConvexError `invalid_argument` when the operation lacks its argument
 */
export async function runOperation(
  ctx: MutationCtx,
  { op, pages, userId, updates }: OperationArgs,
  onEnd: OnEnd | undefined,
): Promise<UpdateAnswer[] | null> {
  switch (op) {
    case "watchdog":
      await watchdog(ctx, onEnd);
      return null;
    case "retention":
      await retention(ctx);
      return null;
    case "deletePages":
      await deletePages(ctx, given(pages, "pages"));
      return null;
    case "removeAllOf":
      await removeAllOf(ctx, given(userId, "userId"));
      return null;
    case "applyUpdates": {
      const list = given(updates, "updates");
      const deleteLimit = Math.floor(PAGES_PER_BATCH / Math.max(1, list.length));
      const answers: UpdateAnswer[] = [];
      for (const each of list) answers.push(await applyUpdate(ctx, each, onEnd, deleteLimit));
      return answers;
    }
  }
}

function given<T>(argument: T | undefined, name: string): T {
  if (argument === undefined) throw jobError("invalid_argument", `${name}: is required.`);
  return argument;
}

/**
 * Marks active jobs without news for two minutes, so that their pages ask the worker, and ends
 * those whose upload never arrived. Changes no other status: the worker knows the truth.
 */
async function watchdog(ctx: MutationCtx, onEnd: OnEnd | undefined): Promise<void> {
  const now = Date.now();
  const abandoned = await ctx.db
    .query("transcriptionJobs")
    .withIndex("by_status_and_reported_and_created_at", (q) =>
      q
        .eq("status", "pending")
        .eq("reported", undefined)
        .lt("createdAt", now - UPLOAD_EXPIRES_AFTER),
    )
    .take(ROWS_PER_BATCH);
  const neverArrived = {
    status: "failed",
    error: "the upload never arrived",
    errorCode: "upload_never_arrived",
  } as const;
  for (const row of abandoned) await endByUser(ctx, row, neverArrived, onEnd);

  const silent = await ctx.db
    .query("transcriptionJobs")
    .withIndex("by_completed_at_and_stalled_at_and_updated_at", (q) =>
      q
        .eq("completedAt", undefined)
        .eq("stalledAt", undefined)
        .lt("updatedAt", now - STALLED_AFTER),
    )
    .take(ROWS_PER_BATCH);
  for (const row of silent) await ctx.db.patch("transcriptionJobs", row._id, { stalledAt: now });

  if (abandoned.length + silent.length > 0) {
    log({ event: "watchdog", stalled: silent.length, abandoned: abandoned.length });
  }
  if (Math.max(abandoned.length, silent.length) === ROWS_PER_BATCH) {
    await ctx.scheduler.runAfter(BATCH_DELAY, RUN, { op: "watchdog" });
  }
}

/** Deletes jobs that ended more than `RETENTION_DAYS` ago, in bounded batches. */
async function retention(ctx: MutationCtx): Promise<void> {
  const days = parseRetentionDays(environment.retentionDays);
  if (days === "invalid") {
    log({ event: "retention_not_configured", message: "RETENTION_DAYS must be a number ≥ 0" });
    return;
  }
  if (days === 0) return;
  const cutoff = Date.now() - days * 24 * 60 * 60 * 1000;
  const expired = await ctx.db
    .query("transcriptionJobs")
    // Without the lower bound this would select active jobs, which have no completedAt.
    .withIndex("by_completed_at_and_stalled_at_and_updated_at", (q) =>
      q.gte("completedAt", 0).lt("completedAt", cutoff),
    )
    .take(ROWS_PER_BATCH);
  const deleted = await deleteJobs(ctx, expired);
  if (deleted.jobs > 0) log({ event: "retention", ...deleted });
  if (deleted.jobs < expired.length || expired.length === ROWS_PER_BATCH) {
    await ctx.scheduler.runAfter(BATCH_DELAY, RUN, { op: "retention" });
  }
}

/**
 * Deletes a person's jobs, active ones too, with all that belongs to them, in bounded batches.
 * Updates of their workers are answered `job_not_found` from here on.
 */
export async function removeAllOf(ctx: MutationCtx, userId: string): Promise<void> {
  const rows = await ctx.db
    .query("transcriptionJobs")
    .withIndex("by_user_id_and_completed_at", (q) => q.eq("userId", userId))
    .take(ROWS_PER_BATCH);
  const deleted = await deleteJobs(ctx, rows);
  if (deleted.jobs > 0) log({ event: "remove_all_of", ...deleted });
  if (deleted.jobs < rows.length || rows.length === ROWS_PER_BATCH) {
    await ctx.scheduler.runAfter(BATCH_DELAY, RUN, { op: "removeAllOf", userId });
    return;
  }
  const stats = await ctx.db
    .query("transcriptionStats")
    .withIndex("by_user_id", (q) => q.eq("userId", userId))
    .unique();
  if (stats !== null) await ctx.db.delete("transcriptionStats", stats._id);
}
