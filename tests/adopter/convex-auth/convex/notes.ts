import { getAuthUserId } from "@convex-dev/auth/server";
import { onEndArgs } from "convex-transcription-jobs/server";
import { v } from "convex/values";
import { internalMutation, query } from "./_generated/server";
import { textOf } from "./model/transcripts";

export const list = query({
  args: {},
  returns: v.array(v.object({ jobId: v.string(), text: v.string() })),
  handler: async (ctx) => {
    const userId = await getAuthUserId(ctx);
    if (userId === null) return [];
    const notes = ctx.db.query("notes").withIndex("by_user_id", (q) => q.eq("userId", userId));
    return (await notes.take(100)).map(({ jobId, text }) => ({ jobId, text }));
  },
});

/** Called once for each job that ends; a finished transcript becomes a note. */
export const fromTranscript = internalMutation({
  args: onEndArgs,
  handler: async (ctx, { jobId, userId, status }) => {
    const owner = ctx.db.normalizeId("users", userId);
    if (owner === null || status !== "completed") return;
    await ctx.db.insert("notes", { userId: owner, jobId, text: await textOf(ctx, jobId) });
  },
});
