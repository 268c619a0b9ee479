import { isFinished } from "../jobStatus";
import type { Job, JobView, UploadProgress } from "../types";
import type { WorkerJob } from "../upload/workerJob";
import { handleJobResult } from "./handleJobResult";

/** The rows that Convex gave in one go. */
export interface ConvexRows {
  /** Newest first. */
  active: Job[];
  /** Newest end first; as far as they have been loaded. */
  finished: Job[];
}

/** What was learned beside the subscription, during a fault. */
export interface Overlay {
  /** Convex's rows as read over plain HTTP; `null` while the subscription is trusted. */
  convex: ConvexRows | null;
  /** What the worker says, by job. */
  worker: ReadonlyMap<string, WorkerJob>;
}

/** The jobs as they are shown. */
export interface ShownJobs {
  /** Newest first. */
  active: JobView[];
  /** Newest end first. */
  finished: JobView[];
}

/** The jobs as they are shown: the subscription's rows, with what was learned beside it on top. */
export function composeJobs(
  rows: ConvexRows,
  overlay: Overlay,
  uploads: ReadonlyMap<string, UploadProgress>,
): ShownJobs {
  const jobs = new Map<string, JobView>();
  // A push may hold a job both before and after its end; the end counts.
  for (const job of [...rows.active, ...rows.finished]) jobs.set(job.jobId, viewOf(job));
  if (overlay.convex !== null) layOver(jobs, overlay.convex);
  for (const job of overlay.worker.values()) {
    const shown = jobs.get(job.jobId);
    if (shown !== undefined) jobs.set(job.jobId, handleJobResult(shown, { source: "worker", job }));
  }
  const active: JobView[] = [];
  const finished: JobView[] = [];
  for (const job of jobs.values()) {
    const upload = uploads.get(job.jobId);
    if (isFinished(job)) finished.push(job);
    else active.push(upload === undefined ? job : { ...job, upload });
  }
  return { active: active.sort(byCreation), finished: finished.sort(byEnd) };
}

/** Convex's rows over HTTP are newer than the subscription's: those that it lacks are gone. */
function layOver(jobs: Map<string, JobView>, { active, finished }: ConvexRows): void {
  const known = new Set([...active, ...finished].map(({ jobId }) => jobId));
  for (const job of jobs.values()) {
    // Of those that have ended only the newest were read.
    if (!isFinished(job) && !known.has(job.jobId)) jobs.delete(job.jobId);
  }
  for (const job of [...active, ...finished]) {
    const shown = jobs.get(job.jobId);
    const result = { source: "convex-http", job } as const;
    jobs.set(
      job.jobId,
      shown === undefined ? { ...job, source: "convex-http" } : handleJobResult(shown, result),
    );
  }
}

// The same row gives the same view, so that a component which has shown it need not again.
const views = new WeakMap<Job, JobView>();

function viewOf(job: Job): JobView {
  let view = views.get(job);
  if (view === undefined) {
    view = { ...job, source: "convex" };
    views.set(job, view);
  }
  return view;
}

function byCreation(a: JobView, b: JobView): number {
  return b._creationTime - a._creationTime;
}

function byEnd(a: JobView, b: JobView): number {
  return (
    (b.completedAt ?? b.updatedAt) - (a.completedAt ?? a.updatedAt) ||
    b._creationTime - a._creationTime
  );
}
