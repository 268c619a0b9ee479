import { transcriptionTables } from "convex-transcription-jobs/server";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";

export default defineSchema({
  ...transcriptionTables,
  users: defineTable({ tokenIdentifier: v.string(), name: v.optional(v.string()) }).index(
    "by_token",
    ["tokenIdentifier"],
  ),
  letters: defineTable({ to: v.id("users"), text: v.string() }),
});
