import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalMutation } from "./_generated/server";
import { variables } from "./env";
import { deleteJob, endByUser } from "./model/jobs";
import {
  BATCH_DELAY,
  PAGES_PER_BATCH,
  ROWS_PER_BATCH,
  STALLED_AFTER,
  UPLOAD_EXPIRES_AFTER,
} from "./model/limits";
import { log } from "./model/log";
import { parseRetentionDays } from "./model/retention";
import { deletePages as deletePagesOf } from "./model/transcript";

/**
 * Marks active jobs without news for two minutes, so that their pages ask the worker, and ends
 * those whose upload never arrived. Changes no other status: the worker knows the truth.
 */
export const watchdog = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
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
    for (const row of abandoned) await endByUser(ctx, row, "failed", "the upload never arrived");

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
      await ctx.scheduler.runAfter(BATCH_DELAY, internal.maintenance.watchdog, {});
    }
    return null;
  },
});

/** Deletes jobs that ended more than `RETENTION_DAYS` ago, in bounded batches. */
export const retention = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    const days = parseRetentionDays(variables["RETENTION_DAYS"]);
    if (days === "invalid") {
      log({ event: "retention_not_configured", message: "RETENTION_DAYS must be a number ≥ 0" });
      return null;
    }
    if (days === 0) return null;
    const cutoff = Date.now() - days * 24 * 60 * 60 * 1000;
    const expired = await ctx.db
      .query("transcriptionJobs")
      // Without the lower bound this would select active jobs, which have no completedAt.
      .withIndex("by_completed_at_and_stalled_at_and_updated_at", (q) =>
        q.gte("completedAt", 0).lt("completedAt", cutoff),
      )
      .take(ROWS_PER_BATCH);
    let jobs = 0;
    let pages = 0;
    for (const row of expired) {
      if (pages >= PAGES_PER_BATCH) break;
      pages += await deleteJob(ctx, row, PAGES_PER_BATCH - pages);
      jobs++;
    }
    if (jobs > 0) log({ event: "retention", jobs, pages });
    if (jobs < expired.length || expired.length === ROWS_PER_BATCH) {
      await ctx.scheduler.runAfter(BATCH_DELAY, internal.maintenance.retention, {});
    }
    return null;
  },
});

/** The next batch of pages that were replaced or whose job was removed. */
export const deletePages = internalMutation({
  args: {
    job: v.id("transcriptionJobs"),
    beforeAttempt: v.optional(v.number()),
    liveOfAttempt: v.optional(v.number()),
  },
  returns: v.null(),
  handler: async (ctx, range) => {
    await deletePagesOf(ctx, range);
    return null;
  },
});
