import type { Clock } from "../clock";
import type { LedgerEntries } from "./ledgerEntries";

/** How a page knows whether another page that uploads a job is still there. */
export interface Presence {
  /** Does the work, while every other page knows that this one is at the job. */
  hold<T>(jobId: string, work: () => Promise<T>): Promise<T>;
  /** Does the work once no page is at the job; rejects when the signal aborts before. */
  whenGone(jobId: string, work: () => Promise<void>, signal: AbortSignal): Promise<void>;
}

/** By a Web Lock for each job: a browser gives it on at once when its page dies. */
export class LockPresence implements Presence {
  readonly #locks: LockManager;

  constructor(locks: LockManager) {
    this.#locks = locks;
  }

  async hold<T>(jobId: string, work: () => Promise<T>): Promise<T> {
    let begun: Promise<T> | undefined;
    const begin = (): Promise<T> => (begun ??= work());
    try {
      return await this.#locks.request(lockName(jobId), begin);
    } catch {
      // The work's own error, or a page that may not have locks: in a sandboxed frame, for one.
      return await begin();
    }
  }

  async whenGone(jobId: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    await this.#locks.request(lockName(jobId), { signal }, work);
  }
}

/** Milliseconds between two signs of life. */
const SIGN_OF_LIFE = 15_000;
/** Milliseconds; a browser may let a hidden tab's timers run once a minute only. */
const GONE_AFTER = 90_000;

/**
 * By signs of life in the job's entry, where there are no Web Locks: on pages that come over plain
 * HTTP. It takes a while until a dead page is noticed.
 */
export class SignsOfLife implements Presence {
  readonly #entries: LedgerEntries;
  readonly #clock: Clock;

  constructor(entries: LedgerEntries, clock: Clock) {
    this.#entries = entries;
    this.#clock = clock;
  }

  async hold<T>(jobId: string, work: () => Promise<T>): Promise<T> {
    const stop = new AbortController();
    void this.#live(jobId, stop.signal);
    try {
      return await work();
    } finally {
      stop.abort();
    }
  }

  async whenGone(jobId: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (;;) {
      const seen = this.#entries.read(jobId);
      await this.#pause(GONE_AFTER, signal);
      signal.throwIfAborted();
      if (this.#entries.read(jobId) === seen) break;
    }
    await work();
  }

  async #live(jobId: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#pause(SIGN_OF_LIFE, signal);
      if (signal.aborted || this.#entries.read(jobId) === null) return;
      this.#entries.write(jobId, this.#clock.now());
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const timer = this.#clock.setTimeout(done, ms);
      const clock = this.#clock;
      signal.addEventListener("abort", done, { once: true });
      function done(): void {
        clock.clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
    });
  }
}

function lockName(jobId: string): string {
  return `transcription-upload:${jobId}`;
}
