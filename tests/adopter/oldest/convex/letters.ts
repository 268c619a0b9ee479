import { onEndArgs, readJob } from "convex-transcription-jobs/server";
import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalAction, internalMutation } from "./_generated/server";

/** Called once for each job that ends, as an action because it would talk to a mail service. */
export const fromTranscript = internalAction({
  args: onEndArgs,
  handler: async (ctx, args) => {
    await ctx.runMutation(internal.letters.write, args);
  },
});

export const write = internalMutation({
  args: onEndArgs,
  returns: v.null(),
  handler: async (ctx, { jobId, userId, status }) => {
    const user = await ctx.db
      .query("users")
      .withIndex("by_token", (q) => q.eq("tokenIdentifier", userId))
      .unique();
    const job = await readJob(ctx, { jobId });
    if (user === null || job === null) return null;
    const text =
      status === "completed" ? (job.result?.text ?? "") : `${status}: ${job.error ?? ""}`;
    await ctx.db.insert("letters", { to: user._id, text });
    return null;
  },
});
