import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  jobs: defineTable({
    jobId: v.string(),
    status: v.string(),
    progress: v.number(),
    sequence: v.number(),
  }).index("by_job_id", ["jobId"]),
});
