import { signOfLife } from "./curlLines";
import { isFinished, type Job } from "./job";

/** What is needed to make a job of the reader's, and to tell how to move it. */
export interface ReadersJobOptions {
  /** Ids are `<name>-1`, `<name>-2`, …: short, since they are the reader's to see and to change. */
  name: string;
  /** What the file is called on the screen. */
  fileName: string;
  /** Makes the job. */
  create: (job: { jobId: string; fileName: string }) => Promise<void>;
  /** The line that moves the job on from where it is. */
  line: (job: Job) => string;
  /** What the job waits for, in a sentence. */
  waitsFor: string;
}

/** A job that the reader moves by pasting lines; when it has ended, the next one. */
export class ReadersJob {
  readonly #options: ReadersJobOptions;
  #number = 0;
  #shown: Job | undefined;

  constructor(options: ReadersJobOptions) {
    this.#options = options;
  }

  get jobId(): string {
    return `${this.#options.name}-${this.#number}`;
  }

  /** Makes the next job. */
  async begin(): Promise<void> {
    this.#number += 1;
    const { create, fileName } = this.#options;
    await create({ jobId: this.jobId, fileName });
  }

  /**
   * Takes in the job as the subscription shows it.
   * @returns the line that moves it on, `null` while there is none to move
   */
  follow(job: Job | undefined): string | null {
    this.#shown = job;
    if (job === undefined) return null;
    if (!isFinished(job)) return this.#options.line(job);
    void this.begin();
    return null;
  }

  /** The update that shows that the job is not forgotten; `null` where it waits for nobody. */
  signOfLife(): object | null {
    const job = this.#shown;
    return job === undefined || isFinished(job) ? null : signOfLife(job, this.#options.waitsFor);
  }
}
