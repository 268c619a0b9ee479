import { isFinished } from "../jobStatus";
import type { Job } from "../types";
import type { ConvexRows } from "./composeJobs";

interface Known {
  updatedAt: number;
  stalledAt: number | undefined;
  /** The mark that an upload explains. */
  excusedMark: number | undefined;
  /** When its row last changed, by this page's clock. */
  newsAt: number;
}

/**
 * Since when there has been no news of each active job. Measured between arrivals on this page's own
 * clock; every accepted update changes `updatedAt`.
 */
export class News {
  readonly #jobs = new Map<string, Known>();

  /** Takes in Convex's rows, as they arrived at `now`. */
  receive({ active }: Pick<ConvexRows, "active">, now: number): void {
    const rows = new Map(active.filter((job) => !isFinished(job)).map((job) => [job.jobId, job]));
    for (const jobId of this.#jobs.keys()) if (!rows.has(jobId)) this.#jobs.delete(jobId);
    for (const job of rows.values()) this.#receiveJob(job, now);
  }

  /** Counts as news: this browser is sending the job's file, and no worker can know of it yet. */
  touch(jobId: string, now: number): void {
    const known = this.#jobs.get(jobId);
    if (known === undefined) return;
    known.newsAt = now;
    known.excusedMark = known.stalledAt;
  }

  jobIds(): string[] {
    return [...this.#jobs.keys()];
  }

  /** When the job has to be looked after: at once where the backend says that it is stalled. */
  stuckAt(jobId: string, stuckAfter: number): number {
    const known = this.#jobs.get(jobId);
    if (known === undefined) return Infinity;
    const isStalled = known.stalledAt !== undefined && known.stalledAt !== known.excusedMark;
    return isStalled ? known.newsAt : known.newsAt + stuckAfter;
  }

  /** When there was news of any of these; `-Infinity` where none is known. */
  latest(jobIds: string[]): number {
    return Math.max(...jobIds.map((jobId) => this.#jobs.get(jobId)?.newsAt ?? -Infinity));
  }

  #receiveJob({ jobId, updatedAt, stalledAt }: Job, now: number): void {
    const known = this.#jobs.get(jobId);
    if (known === undefined || updatedAt > known.updatedAt) {
      this.#jobs.set(jobId, { updatedAt, stalledAt, excusedMark: undefined, newsAt: now });
    } else if (updatedAt === known.updatedAt) {
      known.stalledAt = stalledAt;
    }
  }
}
