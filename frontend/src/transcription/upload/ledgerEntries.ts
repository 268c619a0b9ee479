const PREFIX = "transcription-upload:";
const JOB_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * The uploads of this browser in a `Storage`, one key each, so that tabs do not overwrite one
 * another's. A storage that is missing or refuses is as good as empty.
 */
export class LedgerEntries {
  readonly #storage: Storage | undefined;

  constructor(storage: Storage | undefined) {
    this.#storage = storage;
  }

  /** The jobs that have an entry. */
  list(): string[] {
    return this.#try((storage) => Object.keys(storage), [])
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => key.slice(PREFIX.length))
      .filter((jobId) => JOB_ID.test(jobId));
  }

  /** What was written last, epoch milliseconds; null where there is no entry, or garbage. */
  read(jobId: string): number | null {
    const value = this.#try((storage) => storage.getItem(PREFIX + jobId), null);
    return value !== null && /^\d{1,16}$/.test(value) ? Number(value) : null;
  }

  /** @param time epoch milliseconds */
  write(jobId: string, time: number): void {
    this.#try((storage) => {
      storage.setItem(PREFIX + jobId, String(time));
    }, undefined);
  }

  remove(jobId: string): void {
    this.#try((storage) => {
      storage.removeItem(PREFIX + jobId);
    }, undefined);
  }

  #try<T>(access: (storage: Storage) => T, otherwise: T): T {
    try {
      return this.#storage === undefined ? otherwise : access(this.#storage);
    } catch {
      return otherwise;
    }
  }
}
