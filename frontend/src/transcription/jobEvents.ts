import { isFinished } from "./jobStatus";
import type { ShownJobs } from "./sync/composeJobs";
import type { JobView } from "./types";

/** What is told of jobs. */
export interface JobCallbacks {
  onJobComplete?: ((job: JobView) => void) | undefined;
  onJobError?: ((job: JobView) => void) | undefined;
  onJobProgress?: ((job: JobView) => void) | undefined;
}

/**
 * Tells of each job's changes once, whoever they were learned from and however often the same view is
 * seen. What was there at the first look is no change.
 */
export class JobEvents {
  /** What was told last of each active job. */
  readonly #active = new Map<string, string>();
  readonly #finished = new Set<string>();
  /** The newest end at the first look at the history; `null` before. */
  #newestEnd: number | null = null;

  /**
   * Looks at the jobs as they are shown now.
   * @param isHistoryKnown whether the finished jobs have been loaded
   */
  observe(shown: ShownJobs, isHistoryKnown: boolean, callbacks: JobCallbacks): void {
    for (const job of shown.active) this.#observeActive(job, callbacks);
    const { finished } = shown;
    if (isHistoryKnown && this.#newestEnd === null) {
      this.#newestEnd = endOf(finished[0]);
      // Those that were seen active before ended just now.
      for (const { jobId } of finished) if (!this.#active.has(jobId)) this.#finished.add(jobId);
    }
    for (const job of finished) this.#observeFinished(job, callbacks);
  }

  #observeActive(job: JobView, { onJobProgress }: JobCallbacks): void {
    const { jobId, attempt, status, progress, stage, message } = job;
    const told = JSON.stringify([attempt, status, progress, stage, message]);
    const before = this.#active.get(jobId);
    this.#active.set(jobId, told);
    if (before !== undefined && before !== told) onJobProgress?.(job);
  }

  #observeFinished(job: JobView, { onJobComplete, onJobError }: JobCallbacks): void {
    const { jobId, status } = job;
    if (this.#finished.has(jobId)) return;
    // Older ones came by scrolling; newer ones began and ended while this page was cut off.
    const isNew = this.#newestEnd !== null && endOf(job) > this.#newestEnd;
    if (!this.#active.has(jobId) && !isNew) return;
    this.#active.delete(jobId);
    this.#finished.add(jobId);
    if (status === "completed") onJobComplete?.(job);
    if (status === "failed") onJobError?.(job);
  }
}

function endOf(job: JobView | undefined): number {
  if (job === undefined || !isFinished(job)) return 0;
  return job.completedAt ?? job.updatedAt;
}
