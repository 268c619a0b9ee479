import { defineTable } from "convex/server";
import { v } from "convex/values";
import { audioInfo, resultSummary, status } from "./model/validators.js";

/** The module's tables, to be spread into an app's schema: `defineSchema({ ...transcriptionTables, notes: … })`. */
export const transcriptionTables = {
  /**
   * The hot row, small and sent to subscribers at every tick. Made by `create` and
   * `createFor`, changed by updates, `cancel`, `uploadFailed` and the watchdog, deleted by `remove`,
   * `removeAllOf` and retention.
   * Times are epoch milliseconds, `estimatedTimeRemaining` is in seconds.
   */
  transcriptionJobs: defineTable({
    jobId: v.string(),
    userId: v.string(),
    status,
    progress: v.number(),
    stage: v.optional(v.string()),
    message: v.optional(v.string()),
    fileName: v.optional(v.string()),
    fileSize: v.optional(v.number()),
    audioInfo: v.optional(audioInfo),
    result: v.optional(resultSummary),
    error: v.optional(v.string()),
    /** The reason of a failure for machines and translations: the worker's, or one of `END_CODES`. */
    errorCode: v.optional(v.string()),
    createdAt: v.number(),
    startedAt: v.optional(v.number()),
    completedAt: v.optional(v.number()),
    updatedAt: v.number(),
    estimatedTimeRemaining: v.optional(v.number()),
    sequence: v.optional(v.number()),
    attempt: v.number(),
    endedBy: v.optional(v.union(v.literal("user"), v.literal("worker"))),
    segmentCount: v.number(),
    pageCount: v.number(),
    stalledAt: v.optional(v.number()),
    /** Set by a `completed` with `result.segments`: live segments count no more. */
    segmentsFinal: v.optional(v.literal(true)),
    /** Set by the first accepted update: the upload has arrived. */
    reported: v.optional(v.literal(true)),
  })
    .index("by_job_id", ["jobId"])
    .index("by_user_id_and_completed_at", ["userId", "completedAt"])
    .index("by_completed_at_and_stalled_at_and_updated_at", [
      "completedAt",
      "stalledAt",
      "updatedAt",
    ])
    .index("by_status_and_reported_and_created_at", ["status", "reported", "createdAt"]),

  /**
   * One cold row per job: who may read its transcript and which pages are current. `transcript`
   * reads it in place of the hot row, so that no tick re-runs a subscription to a closed page.
   * Made with the job, changed when an attempt or a final result replaces the pages.
   */
  transcriptionTranscripts: defineTable({
    job: v.id("transcriptionJobs"),
    jobId: v.string(),
    userId: v.string(),
    attempt: v.number(),
    kind: v.union(v.literal("live"), v.literal("final")),
  }).index("by_job_id", ["jobId"]),

  /**
   * Segments as they came (`live`), those of the result (`final`), and slices of a `text` that is
   * too long for the row. Written by `updateFromAPI`; pages that were replaced and those of a
   * removed job are deleted in batches. `offset` and `count` count segments; `segments` is the JSON
   * of their array, `bytes` the sum of their sizes in UTF-8. Read with `readTranscriptPage`.
   */
  transcriptionPages: defineTable({
    job: v.id("transcriptionJobs"),
    attempt: v.number(),
    kind: v.union(v.literal("live"), v.literal("final"), v.literal("text")),
    page: v.number(),
    offset: v.number(),
    count: v.number(),
    bytes: v.number(),
    segments: v.string(),
    text: v.optional(v.string()),
  }).index("by_job_and_attempt_and_kind_and_page", ["job", "attempt", "kind", "page"]),

  /** One row per user: how many jobs exist, changed with the jobs, never by scanning them. */
  transcriptionStats: defineTable({
    userId: v.string(),
    active: v.number(),
    completed: v.number(),
    failed: v.number(),
    cancelled: v.number(),
  }).index("by_user_id", ["userId"]),
};
