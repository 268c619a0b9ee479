import { v } from "convex/values";
import { internal } from "./_generated/api";
import { internalMutation, mutation } from "./_generated/server";

/** Makes the signed-in person's row, as Clerk's guide for Convex does. */
export const store = mutation({
  args: {},
  returns: v.id("users"),
  handler: async (ctx) => {
    const identity = await ctx.auth.getUserIdentity();
    if (identity === null) throw new Error("Not signed in");
    const { tokenIdentifier, name } = identity;
    const known = await ctx.db
      .query("users")
      .withIndex("by_token", (q) => q.eq("tokenIdentifier", tokenIdentifier))
      .unique();
    if (known !== null) return known._id;
    return await ctx.db.insert(
      "users",
      name === undefined ? { tokenIdentifier } : { tokenIdentifier, name },
    );
  },
});

export const forget = internalMutation({
  args: { user: v.id("users") },
  returns: v.null(),
  handler: async (ctx, { user }) => {
    const row = await ctx.db.get(user);
    if (row === null) return null;
    await ctx.runMutation(internal.transcriptionJobs.removeAllOf, { userId: row.tokenIdentifier });
    await ctx.db.delete(user);
    return null;
  },
});
