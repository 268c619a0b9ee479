import type { FunctionReturnType } from "convex/server";
import type { api } from "../../../convex/_generated/api";

/** A job's row as a subscriber gets it. Times are epoch milliseconds. */
export type Job = FunctionReturnType<typeof api.transcriptionJobs.listActive>[number];

/** A job and the last words that were heard of it. */
export interface JobView {
  job: Job;
  lastText: string;
}

const RANK: Record<Job["status"], number> = {
  pending: 0,
  processing: 1,
  completed: 2,
  failed: 2,
  cancelled: 2,
};

/** How far along a status is; statuses of equal rank exclude one another. */
export function rank(status: Job["status"]): number {
  return RANK[status];
}

/** Whether a job has ended. */
export function isFinished({ status }: Pick<Job, "status">): boolean {
  return rank(status) === RANK.completed;
}

/** What a job is called in the terminal. */
export function jobName({ fileName, jobId }: Pick<Job, "fileName" | "jobId">): string {
  return fileName ?? jobId;
}
