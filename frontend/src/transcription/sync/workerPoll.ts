import type { Clock } from "../clock";
import { asTranscriptionError, type TranscriptionError } from "../errors";
import type { WorkerJob } from "../upload/workerJob";
import type { ConvexRows } from "./composeJobs";
import { hasCaughtUp } from "./handleJobResult";
import { isFinished } from "../jobStatus";
import { TIMING } from "./timing";
import { within } from "./within";

/** What the polling acts through. */
export interface WorkerPollPorts {
  clock: Clock;
  /** Asks the worker's API for a job. */
  readWorker: (jobId: string) => Promise<WorkerJob>;
  pollInterval: number;
}

/** Worker → Convex is cut for some jobs: the worker's API is asked about all of them in one round. */
export class WorkerPoll {
  readonly #ports: WorkerPollPorts;
  #jobs: ReadonlyMap<string, WorkerJob> = new Map();
  #error: TranscriptionError | null = null;
  #pause: number;
  #nextAt = -Infinity;
  #isAsking = false;

  constructor(ports: WorkerPollPorts) {
    this.#ports = ports;
    this.#pause = ports.pollInterval;
  }

  /** What the worker said, where Convex does not know it yet. */
  get jobs(): ReadonlyMap<string, WorkerJob> {
    return this.#jobs;
  }

  /** Why the last round failed, `null` where it did not. */
  get error(): TranscriptionError | null {
    return this.#error;
  }

  /** Those that are worth asking about: the worker has not said that they have ended. */
  open(stuck: string[]): string[] {
    return stuck.filter((jobId) => {
      const job = this.#jobs.get(jobId);
      return job === undefined || !isFinished(job);
    });
  }

  dueAt(): number {
    return this.#isAsking ? Infinity : this.#nextAt;
  }

  /** Leaves out one round; a longer pause stays what it is. */
  skip(): void {
    const { clock, pollInterval } = this.#ports;
    this.#nextAt = Math.max(this.#nextAt, clock.now() + pollInterval);
  }

  /** The next round is due at once: no job was stuck, or the page can act again. */
  resume(): void {
    this.#nextAt = -Infinity;
    this.#pause = this.#ports.pollInterval;
  }

  /** All is well: there is nothing to complain about. */
  forgive(): void {
    this.#error = null;
  }

  /** Convex has given rows: what it knows itself, and jobs that are gone, count no more. */
  receive(rows: ConvexRows): void {
    const known = new Map(rows.active.map((job) => [job.jobId, job]));
    const kept = [...this.#jobs].filter(([jobId, job]) => {
      const row = known.get(jobId);
      return row !== undefined && !hasCaughtUp(row, job);
    });
    if (kept.length < this.#jobs.size) this.#jobs = new Map(kept);
  }

  /** Asks about all of them, and takes in the answers unless `isStale` by then. */
  async run(jobIds: string[], isStale: () => boolean): Promise<void> {
    const { clock, readWorker, pollInterval } = this.#ports;
    const startedAt = clock.now();
    this.#isAsking = true;
    const answers = await Promise.allSettled(
      jobIds.map((jobId) => within(clock, TIMING.answer, readWorker(jobId))),
    );
    this.#isAsking = false;
    if (isStale()) return;
    const jobs = new Map(this.#jobs);
    for (const answer of answers) {
      if (answer.status === "rejected") continue;
      const known = jobs.get(answer.value.jobId);
      if (known === undefined || !hasCaughtUp(known, answer.value)) {
        jobs.set(answer.value.jobId, answer.value);
      }
    }
    this.#jobs = jobs;
    const failed = answers.filter((answer) => answer.status === "rejected");
    const errors = failed.map(({ reason }) => asTranscriptionError(reason, "api_unreachable"));
    // It does answer: the job's file has not come yet, or not to this worker.
    this.#error = errors.find(({ code }) => code !== "job_not_found") ?? null;
    this.#pause =
      failed.length === answers.length
        ? Math.min(this.#pause * 2, Math.max(TIMING.longestPause, pollInterval))
        : pollInterval;
    this.#nextAt = startedAt + this.#pause;
  }
}
