import type { JobStatus } from "./types";

const RANK: Record<JobStatus, number> = {
  pending: 0,
  processing: 1,
  completed: 2,
  failed: 2,
  cancelled: 2,
};

/** Whether a job with this status has ended: nothing reopens it. */
export function isFinished({ status }: { status: JobStatus }): boolean {
  return RANK[status] === RANK.completed;
}

/** The status that is further on; of two that end a job the first stays. */
export function furtherStatus(shown: JobStatus, reported: JobStatus): JobStatus {
  return RANK[reported] > RANK[shown] ? reported : shown;
}
