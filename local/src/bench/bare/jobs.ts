import {
  type DataModelFromSchemaDefinition,
  internalMutationGeneric,
  type MutationBuilder,
  mutationGeneric,
  type QueryBuilder,
  queryGeneric,
} from "convex/server";
import { v } from "convex/values";
import type schema from "./schema";

type DataModel = DataModelFromSchemaDefinition<typeof schema>;
const query: QueryBuilder<DataModel, "public"> = queryGeneric;
const mutation: MutationBuilder<DataModel, "public"> = mutationGeneric;
const internalMutation: MutationBuilder<DataModel, "internal"> = internalMutationGeneric;

/** Makes a row. */
export const create = mutation({
  args: { jobId: v.string() },
  handler: async (ctx, { jobId }) => {
    await ctx.db.insert("jobs", { jobId, status: "pending", progress: 0, sequence: 0 });
    return { jobId };
  },
});

/** One row. */
export const get = query({
  args: { jobId: v.string() },
  handler: async (ctx, { jobId }) =>
    await ctx.db
      .query("jobs")
      .withIndex("by_job_id", (q) => q.eq("jobId", jobId))
      .unique(),
});

/** Writes what came, whatever it is. */
export const patch = internalMutation({
  args: { jobId: v.string(), update: v.any() },
  handler: async (ctx, { jobId, update }) => {
    const row = await ctx.db
      .query("jobs")
      .withIndex("by_job_id", (q) => q.eq("jobId", jobId))
      .unique();
    if (row !== null) await ctx.db.patch("jobs", row._id, update as Partial<typeof row>);
  },
});
