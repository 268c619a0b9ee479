import { authTables } from "@convex-dev/auth/server";
import { transcriptionTables } from "convex-transcription-jobs/server";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  ...authTables,
  ...transcriptionTables,
  notes: defineTable({ userId: v.id("users"), jobId: v.string(), text: v.string() })
    .index("by_user_id", ["userId"])
    .index("by_job_id", ["jobId"]),
  payments: defineTable({ event: v.string(), type: v.string() }),
});
