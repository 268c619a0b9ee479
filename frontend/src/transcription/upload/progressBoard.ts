import type { Clock } from "../clock";
import type { UploadProgress } from "../types";

/** Milliseconds between two notifications about bytes that were sent. */
const PAUSE = 100;

/** How far each upload of this page is, for `useSyncExternalStore`. */
export class ProgressBoard {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #snapshot: ReadonlyMap<string, UploadProgress> = new Map();
  /** What has come since the snapshot was made. */
  #news = new Map<string, UploadProgress>();
  #pausing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does not change, but is replaced. */
  get snapshot(): ReadonlyMap<string, UploadProgress> {
    return this.#snapshot;
  }

  /** Calls `listener` whenever there is another snapshot, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    // Of its own, so that the same function can be subscribed twice.
    const entry = (): void => {
      listener();
    };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  /** Shows an upload that begins. */
  add(jobId: string, total: number): void {
    this.#publish(new Map(this.#snapshot).set(jobId, { loaded: 0, total }));
  }

  /** Shows how far an upload is, soon. */
  move(jobId: string, progress: UploadProgress): void {
    if (!this.#snapshot.has(jobId)) return;
    this.#news.set(jobId, progress);
    if (!this.#pausing) this.#tell();
  }

  /** Takes away an upload that has ended. */
  remove(jobId: string): void {
    const rest = new Map(this.#snapshot);
    this.#news.delete(jobId);
    if (rest.delete(jobId)) this.#publish(rest);
  }

  #tell(): void {
    this.#pausing = true;
    this.#clock.setTimeout(() => {
      this.#pausing = false;
      if (this.#news.size > 0) this.#tell();
    }, PAUSE);
    this.#publish(this.#snapshot);
  }

  #publish(base: ReadonlyMap<string, UploadProgress>): void {
    this.#snapshot = new Map([...base, ...this.#news]);
    this.#news = new Map();
    for (const listener of this.#listeners) listener();
  }
}
