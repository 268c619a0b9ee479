import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalMutation } from "./_generated/server";
import { jobError } from "./model/errors";
import { isJob } from "./model/jobs";

export const recordPayment = internalMutation({
  args: { id: v.string(), type: v.string() },
  returns: v.null(),
  handler: async (ctx, { id, type }) => {
    await ctx.db.insert("payments", { event: id, type });
    return null;
  },
});

export const forgetPayments = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    for (const { _id } of await ctx.db.query("payments").take(100)) await ctx.db.delete(_id);
    return null;
  },
});

export const hire = internalMutation({
  args: { job: v.string() },
  returns: v.null(),
  handler: async (_ctx, { job }) => {
    if (!isJob(job)) throw jobError(`nobody is hired as ${job}`);
    return await Promise.resolve(null);
  },
});

/** The end of an account: its notes, and through the package all its transcriptions. */
export const forgetUser = internalMutation({
  args: { userId: v.id("users") },
  returns: v.null(),
  handler: async (ctx, { userId }) => {
    const notes = ctx.db.query("notes").withIndex("by_user_id", (q) => q.eq("userId", userId));
    for (const { _id } of await notes.take(100)) await ctx.db.delete(_id);
    await ctx.runMutation(internal.transcriptionJobs.run, { op: "removeAllOf", userId });
    await ctx.db.delete(userId);
    return null;
  },
});
