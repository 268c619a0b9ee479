import { isFinished, jobName, rank, type Job } from "./job";
import type { ExpectedEnd } from "./expectedEnd";

/** The part of a subscriber that remembers, to tell afterwards whether it was shown the truth. */
export class Witness {
  readonly #last = new Map<string, Job>();
  readonly #steps = new Map<string, Set<number>>();
  readonly #faults: string[] = [];

  /** Takes in what the subscription shows now. */
  see(jobs: Job[]): void {
    for (const job of jobs) {
      const before = this.#last.get(job.jobId);
      if (before !== undefined) this.#faults.push(...stepsBack(before, job));
      this.#last.set(job.jobId, job);
      const steps = this.#steps.get(job.jobId) ?? new Set();
      this.#steps.set(job.jobId, steps.add(job.progress));
    }
  }

  /** What went wrong so far, one sentence each, whatever was expected. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** Whether the subscription has shown the end of all these jobs. */
  sawEndOf(jobIds: Iterable<string>): boolean {
    return [...jobIds].every((jobId) => {
      const job = this.#last.get(jobId);
      return job !== undefined && isFinished(job);
    });
  }

  /** How what was seen of a job differs from what had to be seen, one sentence each. */
  compare(jobId: string, expected: ExpectedEnd): string[] {
    const job = this.#last.get(jobId);
    if (job === undefined) return [`${expected.fileName}: the subscription never showed it.`];
    const seen = this.#steps.get(jobId)?.size ?? 0;
    return [
      ...endProblems(job, expected),
      // Updates that meet in one push show as one, so not every step need be seen.
      ...(seen * 2 < expected.steps
        ? [`${jobName(job)}: the subscription showed ${seen} of ${expected.steps} steps.`]
        : []),
    ];
  }
}

/** What went backwards between two pushes of one job. */
export function stepsBack(before: Job, now: Job): string[] {
  if (now.attempt > before.attempt) return [];
  const name = jobName(now);
  const reopened = isFinished(before) && now.status !== before.status;
  return [
    ...(reopened || rank(now.status) < rank(before.status)
      ? [`${name}: the status went from ${before.status} to ${now.status}.`]
      : []),
    ...(now.progress < before.progress
      ? [`${name}: progress fell from ${before.progress} to ${now.progress}.`]
      : []),
  ];
}

/** How a row differs from the end that its job has to have. */
export function endProblems(job: Job, expected: ExpectedEnd): string[] {
  const facts: [string, unknown, unknown][] = [
    ["status", job.status, expected.status],
    ["endedBy", job.endedBy, expected.endedBy],
    ["progress", job.progress, expected.progress],
    ["segmentCount", job.segmentCount, expected.segmentCount],
    ["error", job.error, expected.error],
    ["result.text", job.result?.text, expected.text],
  ];
  return facts
    .filter(([, is, should]) => is !== should)
    .map(([what, is, should]) => `${jobName(job)}: ${what} is ${show(is)}, not ${show(should)}.`);
}

function show(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
