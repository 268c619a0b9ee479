import { type Clock, systemClock } from "../clock";
import { LedgerEntries } from "./ledgerEntries";
import { LockPresence, type Presence, SignsOfLife } from "./presence";

/** Milliseconds; the backend itself has ended a job by then whose upload never arrived. */
const EXPIRES_AFTER = 24 * 60 * 60 * 1000;

/** Where a ledger keeps its entries, and how pages know of one another. */
export interface UploadLedgerOptions {
  /** `localStorage`; undefined where a page may not have it. */
  storage: Storage | undefined;
  /** `navigator.locks`; undefined on pages that come over plain HTTP. */
  locks: LockManager | undefined;
  clock?: Clock;
}

/**
 * Remembers, beyond the life of a page, which jobs this browser uploads, so that the next page can
 * report an upload that was cut off.
 */
export class UploadLedger {
  readonly #entries: LedgerEntries;
  readonly #presence: Presence;
  readonly #clock: Clock;
  readonly #held = new Set<string>();
  readonly #watches = new Map<string, AbortSignal>();

  constructor({ storage, locks, clock = systemClock }: UploadLedgerOptions) {
    this.#entries = new LedgerEntries(storage);
    this.#clock = clock;
    this.#presence =
      locks === undefined ? new SignsOfLife(this.#entries, clock) : new LockPresence(locks);
  }

  /** Does the work of an upload; its entry stays, after the work too, until `done` is called. */
  async hold<T>(jobId: string, work: () => Promise<T>): Promise<T> {
    this.#held.add(jobId);
    try {
      return await this.#presence.hold(jobId, () => {
        // Not before: another page would take it for one that a dead page has left.
        this.#entries.write(jobId, this.#clock.now());
        return work();
      });
    } finally {
      this.#held.delete(jobId);
    }
  }

  /** The job's upload needs no report any more. */
  done(jobId: string): void {
    this.#entries.remove(jobId);
  }

  /** Whether a page of this browser uploads the job, or has left it without a report. */
  has(jobId: string): boolean {
    return this.#held.has(jobId) || this.#entries.read(jobId) !== null;
  }

  /**
   * Reports each upload that a page has left, now or as soon as its page dies. The entry of one
   * whose report fails stays for the next time: it may be another user's.
   * @returns when all that are known now have been reported or are done, or the signal aborts
   */
  async reportCutOff(
    report: (jobId: string) => Promise<void>,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<void> {
    const jobIds = this.#entries.list().filter((jobId) => !this.#held.has(jobId));
    await Promise.all(jobIds.map((jobId) => this.#watch(jobId, report, signal)));
  }

  async #watch(
    jobId: string,
    report: (jobId: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#isExpired(jobId)) {
      this.#entries.remove(jobId);
      return;
    }
    if (this.#watches.get(jobId)?.aborted === false) return;
    this.#watches.set(jobId, signal);
    const reportIfLeft = async (): Promise<void> => {
      if (this.#entries.read(jobId) === null) return;
      await report(jobId);
      this.#entries.remove(jobId);
    };
    try {
      await this.#presence.whenGone(jobId, reportIfLeft, signal);
    } catch {
      // The entry is still there.
    } finally {
      if (this.#watches.get(jobId) === signal) this.#watches.delete(jobId);
    }
  }

  #isExpired(jobId: string): boolean {
    const time = this.#entries.read(jobId);
    return time === null || Math.abs(this.#clock.now() - time) > EXPIRES_AFTER;
  }
}

/** The ledger of this browser. */
export function browserLedger(): UploadLedger {
  return new UploadLedger({
    storage: storageOfThisPage(),
    // Missing on insecure pages, whatever the types say.
    locks: (navigator as { locks?: LockManager }).locks,
  });
}

function storageOfThisPage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    // Cookies are blocked.
    return undefined;
  }
}
