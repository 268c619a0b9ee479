import type { Status } from "./validators.js";

const RANK: Record<Status, number> = {
  pending: 0,
  processing: 1,
  completed: 2,
  failed: 2,
  cancelled: 2,
};

export type TerminalStatus = "completed" | "failed" | "cancelled";

/** Whether a job with this status has ended: nothing reopens it. */
export function isTerminal(status: Status): status is TerminalStatus {
  return RANK[status] === RANK.completed;
}

/** The status that is further on; of two terminal ones the first stays. */
export function furtherStatus(current: Status, reported: Status): Status {
  return RANK[reported] > RANK[current] ? reported : current;
}

/** The groups that `transcriptionStats` counts. */
export type StatusGroup = "active" | TerminalStatus;

/** The group that a job with this status is counted in. */
export function statusGroup(status: Status): StatusGroup {
  return isTerminal(status) ? status : "active";
}
