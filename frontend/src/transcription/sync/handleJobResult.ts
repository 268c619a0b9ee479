import { furtherStatus, isFinished } from "../jobStatus";
import type { Job, JobView } from "../types";
import type { WorkerJob } from "../upload/workerJob";

/** What one source says of a job. */
export type JobResult =
  { source: "convex" | "convex-http"; job: Job } | { source: "worker"; job: WorkerJob };

/**
 * What is shown of a job once a source has said something, whatever the source. The view never runs
 * backwards: what is older than what is shown gives what is shown. Once Convex has all that the
 * worker has said, or has ended the job, Convex alone counts.
 */
export function handleJobResult(shown: JobView, result: JobResult): JobView {
  if (result.source === "worker") return handleWorkerJob(shown, result.job);
  const { source, job } = result;
  if (shown.source === "worker") {
    return hasCaughtUp(job, shown) ? { ...job, source } : shown;
  }
  // Rows of one database: `updatedAt` strictly rises.
  return job.updatedAt > shown.updatedAt ? { ...job, source } : shown;
}

function handleWorkerJob(shown: JobView, job: WorkerJob): JobView {
  if (isFinished(shown) || hasCaughtUp(shown, job)) return shown;
  const { _id, _creationTime, userId, pageCount, fileName, fileSize, createdAt } = shown;
  // What the row keeps in every attempt; all the rest is what the worker says.
  const kept = {
    _id,
    _creationTime,
    userId,
    pageCount,
    ...(fileName !== undefined && { fileName }),
    ...(fileSize !== undefined && { fileSize }),
  };
  const view: JobView = { ...job, ...kept, createdAt, source: "worker" };
  if (job.attempt > shown.attempt) return view;
  // An end counts whatever its number: a worker that was restarted numbers what waits anew.
  const isNewest = isFinished(job) || !isAsRecent(shown, job);
  const sequence = Math.max(shown.sequence ?? -1, job.sequence ?? -1);
  return {
    ...(isNewest ? view : { ...shown, source: "worker" }),
    ...(sequence >= 0 && { sequence }),
    status: furtherStatus(shown.status, job.status),
    progress: Math.max(shown.progress, job.progress),
    segmentCount: Math.max(shown.segmentCount, job.segmentCount),
  };
}

type Place = Pick<Job, "attempt" | "sequence" | "status" | "progress">;

/**
 * Whether Convex's row holds all that the worker has said. Its number alone does not tell: updates
 * may arrive in another order, and with other numbers after a restart of the worker.
 */
export function hasCaughtUp(row: Place, worker: Place): boolean {
  if (isFinished(row) || row.attempt > worker.attempt) return true;
  if (row.attempt < worker.attempt || row.progress < worker.progress) return false;
  return furtherStatus(row.status, worker.status) === row.status && isAsRecent(row, worker);
}

function isAsRecent(row: Place, worker: Place): boolean {
  // Before its first report the worker may know that the upload is under way; Convex cannot.
  if (row.sequence === undefined) return worker.sequence === undefined && row.status !== "pending";
  return worker.sequence === undefined || row.sequence >= worker.sequence;
}
