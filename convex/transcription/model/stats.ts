import type { MutationCtx } from "../context.js";
import { statusGroup, type StatusGroup } from "./status.js";
import type { Status } from "./validators.js";

/** How many of a user's jobs exist, by group. */
export type Counts = Record<StatusGroup, number>;

export const NO_JOBS: Counts = { active: 0, completed: 0, failed: 0, cancelled: 0 };

/**
 * Counts a job that was created (`from` null), changed its status or was deleted (`to` null), in
 * the transaction that does it. A change within a group writes nothing.
 */
export async function countJob(
  ctx: MutationCtx,
  userId: string,
  from: Status | null,
  to: Status | null,
): Promise<void> {
  const left = from === null ? null : statusGroup(from);
  const entered = to === null ? null : statusGroup(to);
  if (left === entered) return;

  const row = await ctx.db
    .query("transcriptionStats")
    .withIndex("by_user_id", (q) => q.eq("userId", userId))
    .unique();
  const counts: Counts = { ...NO_JOBS, ...row };
  if (left !== null) counts[left] -= 1;
  if (entered !== null) counts[entered] += 1;
  const { active, completed, failed, cancelled } = counts;
  if (row === null) {
    await ctx.db.insert("transcriptionStats", { userId, active, completed, failed, cancelled });
  } else {
    await ctx.db.patch("transcriptionStats", row._id, { active, completed, failed, cancelled });
  }
}
