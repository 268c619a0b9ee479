import type { FunctionReference } from "convex/server";
import { v } from "convex/values";
import type { Doc, MutationCtx } from "../context.js";
import { log } from "./log.js";
import type { TerminalStatus } from "./status.js";

/** The arguments of the function that an app gives as `onEnd`: `args: onEndArgs`. */
export const onEndArgs = {
  jobId: v.string(),
  userId: v.string(),
  status: v.union(v.literal("completed"), v.literal("failed"), v.literal("cancelled")),
};

/** What `onEnd` is called with. A type, not an interface: function references ask for an index signature. */
export type OnEndArgs = { jobId: string; userId: string; status: TerminalStatus };

/** An internal mutation or action of the app that is scheduled when a job ends. */
export type OnEnd = FunctionReference<"mutation" | "action", "internal", OnEndArgs>;

/**
 * Schedules the app's `onEnd` in the transaction that ends the job. A function that cannot be
 * scheduled (renamed, removed) is logged; the job ends all the same.
 */
export async function scheduleOnEnd(
  ctx: MutationCtx,
  onEnd: OnEnd | undefined,
  { jobId, userId }: Pick<Doc<"transcriptionJobs">, "jobId" | "userId">,
  status: TerminalStatus,
): Promise<void> {
  if (onEnd === undefined) return;
  try {
    await ctx.scheduler.runAfter(0, onEnd, { jobId, userId, status });
  } catch (error) {
    log({ event: "on_end_not_scheduled", jobId, status, error: String(error) });
  }
}
