import type { ConvexClient } from "convex/browser";
import { api } from "../../../convex/_generated/api";
import type { Job, JobView } from "./job";

/** Finished jobs that are shown at most. */
const FINISHED_SHOWN = 20;

interface Words {
  page: number;
  stop: () => void;
}

/**
 * A user's jobs and their words as the subscription gives them, and nothing else: what the demo
 * shows went through Convex.
 */
export class JobFeed {
  readonly #client: ConvexClient;
  readonly #onChange: () => void;
  readonly #onError: (error: Error) => void;
  readonly #lastText = new Map<string, string>();
  readonly #words = new Map<string, Words>();
  #active: Job[] = [];
  #finished: Job[] = [];
  #announced = false;

  constructor(client: ConvexClient, onChange: () => void, onError: (error: Error) => void) {
    this.#client = client;
    this.#onChange = onChange;
    this.#onError = onError;
    const { listActive, listFinished } = api.transcriptionJobs;
    client.onUpdate(
      listActive,
      {},
      (jobs) => {
        this.#active = jobs;
        this.#follow(jobs);
        this.#announce();
      },
      onError,
    );
    client.onUpdate(
      listFinished,
      { paginationOpts: { numItems: FINISHED_SHOWN, cursor: null } },
      ({ page }) => {
        this.#finished = page;
        this.#announce();
      },
      onError,
    );
  }

  /** The jobs, in the order in which they were made. */
  jobs(): JobView[] {
    // Two pushes may hold a job both before and after its end; the end counts.
    const byId = new Map([...this.#active, ...this.#finished].map((job) => [job.jobId, job]));
    return [...byId.values()]
      .sort((a, b) => a._creationTime - b._creationTime)
      .map((job) => ({ job, lastText: this.#lastText.get(job.jobId) ?? "" }));
  }

  /** Listens to the last transcript page of each active job: the one that still grows. */
  #follow(active: Job[]): void {
    const open = new Map(active.map(({ jobId, pageCount }) => [jobId, Math.max(0, pageCount - 1)]));
    for (const [jobId, { page, stop }] of this.#words) {
      if (open.get(jobId) === page) continue;
      stop();
      this.#words.delete(jobId);
    }
    for (const [jobId, page] of open) {
      if (this.#words.has(jobId)) continue;
      const stop = this.#client.onUpdate(
        api.transcriptionJobs.transcript,
        { jobId, page },
        (transcript) => {
          const text = transcript?.segments.at(-1)?.text;
          if (text === undefined) return;
          this.#lastText.set(jobId, text);
          this.#announce();
        },
        this.#onError,
      );
      this.#words.set(jobId, { page, stop });
    }
  }

  /** One call for all that came with one push. */
  #announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    setImmediate(() => {
      this.#announced = false;
      this.#onChange();
    });
  }
}
