import type { Job } from "../types";
import type { ConvexRows } from "./composeJobs";

/**
 * Whether `read` knows more than the subscription's rows: a row that is newer or that they lack, or
 * that an active job of theirs is active no more.
 */
export function isAhead(read: ConvexRows, rows: ConvexRows): boolean {
  const known = byId([...rows.active, ...rows.finished]);
  return (
    hasNewerRow(read, rows) ||
    read.active.some(({ jobId }) => !known.has(jobId)) ||
    hasEnded(read.active, rows)
  );
}

/** Whether `read` has a newer version of a row that the subscription has, too. */
export function hasNewerRow(read: ConvexRows, rows: ConvexRows): boolean {
  const known = byId([...rows.active, ...rows.finished]);
  return [...read.active, ...read.finished].some(
    ({ jobId, updatedAt }) => updatedAt > (known.get(jobId)?.updatedAt ?? Infinity),
  );
}

/** Whether an active job of the subscription is not among those: it has ended, or is gone. */
export function hasEnded(active: Job[], rows: ConvexRows): boolean {
  const still = byId(active);
  return rows.active.some(({ jobId }) => !still.has(jobId));
}

/** Whether they are the very same rows: nothing was pushed in between. */
export function areSameRows(a: ConvexRows, b: ConvexRows): boolean {
  return areSame(a.active, b.active) && areSame(a.finished, b.finished);
}

function areSame(a: Job[], b: Job[]): boolean {
  return a.length === b.length && a.every((job, index) => job === b[index]);
}

function byId(jobs: Job[]): Map<string, Job> {
  return new Map(jobs.map((job) => [job.jobId, job]));
}
