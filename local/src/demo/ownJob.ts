import { isFinished, type Job } from "./job";
import type { Addresses } from "./notes";

/** Percent that one pasted line moves a job by: four lines from start to end. */
const STEP = 25;

/** The job that the reader moves by hand; when it has ended, the next one. */
export class OwnJob {
  readonly #create: (job: { jobId: string; fileName: string }) => Promise<void>;
  #number = 0;

  constructor(create: (job: { jobId: string; fileName: string }) => Promise<void>) {
    this.#create = create;
  }

  /** A short id, since it is the reader's to see and to change. */
  get jobId(): string {
    return `my-job-${this.#number}`;
  }

  /** Makes the next job. */
  async begin(): Promise<void> {
    this.#number += 1;
    await this.#create({ jobId: this.jobId, fileName: `yours-${this.#number}.mp3` });
  }

  /**
   * Takes in the job as the subscription shows it.
   * @returns the line that moves it on, `null` while there is none to move
   */
  follow(job: Job | undefined, { siteUrl, key }: Addresses): string | null {
    if (job === undefined) return null;
    if (!isFinished(job)) return curlLine(siteUrl, key, nextUpdate(job));
    void this.begin();
    return null;
  }
}

/** The update that moves a job on, with the number that comes next. */
export function nextUpdate(job: Job): object {
  const { jobId } = job;
  const sequence = (job.sequence ?? 0) + 1;
  const progress = Math.floor(job.progress / STEP) * STEP + STEP;
  return progress < 100
    ? { jobId, status: "processing", progress, sequence, stage: "by hand" }
    : { jobId, status: "completed", sequence, result: { text: "Every page saw it at once." } };
}

/** A line for any POSIX shell that sends one update. */
export function curlLine(siteUrl: string, key: string, body: object): string {
  const url = new URL("/updateTranscriptionJob", siteUrl).href;
  const data = JSON.stringify(body).replaceAll("'", `'\\''`);
  return [
    `curl -X POST ${url}`,
    `-H 'Authorization: Bearer ${key}'`,
    `-H 'Content-Type: application/json'`,
    `-d '${data}'`,
  ].join(" ");
}
