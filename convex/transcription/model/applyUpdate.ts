import type { Doc, MutationCtx } from "../context.js";
import { changedFields, decide, type Job } from "./decide.js";
import { findJob, statusChanged } from "./jobs.js";
import { PAGES_PER_BATCH } from "./limits.js";
import type { OnEnd } from "./onEnd.js";
import { writeTranscript } from "./transcript.js";
import type { Outcome, Update, UpdateAnswer } from "./validators.js";

/**
 * One update, one transaction: read the row, decide, write the row and its pages, all or nothing.
 *
 * @param deleteLimit how many pages that it replaces may be deleted at once: a batch shares them
 */
export async function applyUpdate(
  ctx: MutationCtx,
  update: Update,
  onEnd: OnEnd | undefined,
  deleteLimit = PAGES_PER_BATCH,
): Promise<UpdateAnswer> {
  const row = await findJob(ctx, update.jobId);
  if (row === null) return { ok: false, code: "job_not_found" };

  const before = withoutSystemFields(row);
  const decision = decide(before, update, Date.now());
  switch (decision.kind) {
    case "refuse":
      return decision.code === "segment_gap"
        ? { ok: false, code: decision.code, expected: decision.expected }
        : { ok: false, code: decision.code };
    case "keep":
      return answer(decision.outcome, row);
    case "apply": {
      const { transcript } = decision;
      const { attempt } = decision.job;
      const pageCount = await writeTranscript(ctx, row, attempt, transcript, deleteLimit);
      const job = { ...decision.job, pageCount: Math.max(decision.job.pageCount, pageCount) };
      await ctx.db.patch("transcriptionJobs", row._id, changedFields(before, job));
      await statusChanged(ctx, row, job.status, onEnd);
      return answer("applied", job);
    }
  }
}

function withoutSystemFields({ _id, _creationTime, ...job }: Doc<"transcriptionJobs">): Job {
  return job;
}

function answer(outcome: Outcome, job: Job): UpdateAnswer {
  const { jobId, status, progress, attempt, sequence = null } = job;
  return { ok: true, jobId, outcome, status, progress, attempt, sequence };
}
