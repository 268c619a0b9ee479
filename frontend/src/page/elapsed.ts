import type { Clock, TimerHandle } from "../transcription/clock";
import type { JobView } from "../transcription/types";

/** What is known of a job's time. All are milliseconds; `…At` are of this page's clock. */
interface Timing {
  /** The run that is measured: a job that leaves the queue, or is run again, starts from 0. */
  run: string;
  /** How long the run had lasted at `seenAt`, by the clocks of those who report it. */
  lasted: number;
  seenAt: number;
  updatedAt: number;
  newsAt: number;
}

/** Milliseconds between two looks at the clock. */
const TICK = 1_000;

/**
 * How long active jobs have been running, by this page's own clock from the moment it first saw
 * them: the clocks of the worker, the server and this machine are never compared. One timer for
 * all, which runs only while somebody looks and there is an active job.
 */
export class ElapsedClock {
  readonly #clock: Clock;
  readonly #isVisible: () => boolean;
  readonly #timings = new Map<string, Timing>();
  readonly #listeners = new Set<() => void>();
  #now: number;
  #timer: TimerHandle | null = null;

  constructor(clock: Clock, isVisible: () => boolean) {
    this.#clock = clock;
    this.#isVisible = isVisible;
    this.#now = clock.now();
  }

  /** Takes in the jobs that are active now. */
  see(jobs: readonly JobView[]): void {
    this.#now = this.#clock.now();
    const ids = new Set(jobs.map((job) => job.jobId));
    for (const id of this.#timings.keys()) if (!ids.has(id)) this.#timings.delete(id);
    for (const job of jobs) this.#timings.set(job.jobId, this.#timingOf(job));
    this.#notify();
    this.#schedule();
  }

  /** Whole seconds that the job's run has lasted, `null` for a job that is not active. */
  seconds(jobId: string): number | null {
    const timing = this.#timings.get(jobId);
    if (timing === undefined) return null;
    return Math.floor((timing.lasted + this.#now - timing.seenAt) / 1000);
  }

  /** Whole seconds since the job's row last changed on Convex, `null` for a job that is not active. */
  silence(jobId: string): number | null {
    const timing = this.#timings.get(jobId);
    return timing === undefined ? null : Math.floor((this.#now - timing.newsAt) / 1000);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#schedule();
    return () => {
      this.#listeners.delete(listener);
      this.#schedule();
    };
  };

  /** The page was hidden or shown. */
  visibilityChanged(): void {
    if (this.#isVisible()) this.#tick();
    this.#schedule();
  }

  #timingOf(job: JobView): Timing {
    const now = this.#now;
    const before = this.#timings.get(job.jobId);
    const run = `${job.attempt} ${job.status}`;
    // The worker's clock may be behind the server's: a run cannot begin before its job is made.
    const origin = Math.max(job.createdAt, job.startedAt ?? 0);
    const lasted = Math.max(0, Math.max(job.updatedAt, job.stalledAt ?? 0) - origin);
    const stalledFor = job.stalledAt === undefined ? 0 : job.stalledAt - job.updatedAt;
    if (before === undefined) {
      const newsAt = now - Math.max(0, stalledFor);
      return { run, lasted, seenAt: now, updatedAt: job.updatedAt, newsAt };
    }
    const isNews = job.source === "convex" && job.updatedAt !== before.updatedAt;
    const updatedAt = job.source === "convex" ? job.updatedAt : before.updatedAt;
    const newsAt = isNews ? now : before.newsAt;
    if (before.run !== run) return { run, lasted, seenAt: now, updatedAt, newsAt };
    const counted = before.lasted + now - before.seenAt;
    return { run, lasted: Math.max(counted, lasted), seenAt: now, updatedAt, newsAt };
  }

  #tick(): void {
    // A clock that is set back must not take time away.
    this.#now = Math.max(this.#now, this.#clock.now());
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #schedule(): void {
    const isWanted = this.#listeners.size > 0 && this.#timings.size > 0 && this.#isVisible();
    if (isWanted && this.#timer === null) {
      this.#timer = this.#clock.setTimeout(() => {
        this.#timer = null;
        this.#tick();
        this.#schedule();
      }, TICK);
    } else if (!isWanted && this.#timer !== null) {
      this.#clock.clearTimeout(this.#timer);
      this.#timer = null;
    }
  }
}
