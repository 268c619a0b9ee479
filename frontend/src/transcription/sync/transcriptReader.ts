import type { Clock, TimerHandle } from "../clock";
import type { TranscriptPage } from "../transcript";
import type { Job } from "../types";
import { TIMING } from "./timing";

/** What a reader acts through: Convex over plain HTTP. */
export interface TranscriptReaderPorts {
  clock: Clock;
  readRow: (jobId: string) => Promise<Job | null>;
  readPage: (jobId: string, page: number) => Promise<TranscriptPage>;
}

/** What was read. */
export interface ReadTranscript {
  /** In their order; ends with `null` once all have been read. */
  pages: TranscriptPage[];
  row: Job | null;
}

/**
 * Reads a transcript over plain HTTP while the subscription is cut, and every few seconds what has
 * been added. A page that is closed is read once, until an attempt or a final result replaces all.
 */
export class TranscriptReader {
  readonly #ports: TranscriptReaderPorts;
  readonly #jobId: string;
  readonly #listeners = new Set<() => void>();
  #read: ReadTranscript | null = null;
  #edition = "";
  #run = 0;
  #timer: TimerHandle | null = null;

  constructor(jobId: string, ports: TranscriptReaderPorts) {
    this.#jobId = jobId;
    this.#ports = ports;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** `null` until something has been read. The same object until there is something new. */
  readonly getSnapshot = (): ReadTranscript | null => this.#read;

  start(): void {
    this.stop();
    void this.#round(this.#run);
  }

  stop(): void {
    this.#run += 1;
    if (this.#timer !== null) this.#ports.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #round(run: number): Promise<void> {
    try {
      await this.#readOnce(run);
    } catch {
      // Tried again below; that Convex cannot be read is said by `sync`.
    }
    if (run !== this.#run) return;
    this.#timer = this.#ports.clock.setTimeout(() => void this.#round(run), TIMING.convexRead);
  }

  async #readOnce(run: number): Promise<void> {
    const row = await this.#ports.readRow(this.#jobId);
    const edition = row === null ? "" : `${row.attempt} ${row.segmentsFinal ?? false}`;
    const isSame = edition === this.#edition && this.#read !== null;
    if (isSame && row?.updatedAt === this.#read?.row?.updatedAt && this.#isWhole()) return;
    // The last page may have grown.
    const pages = isSame ? this.#wholePages().slice(0, -1) : [];
    for (;;) {
      const page = await this.#ports.readPage(this.#jobId, pages.length);
      if (run !== this.#run) return;
      pages.push(page);
      if (page === null || page === undefined) break;
    }
    this.#edition = edition;
    this.#read = { pages, row };
    for (const listener of this.#listeners) listener();
  }

  #isWhole(): boolean {
    return this.#read?.pages.at(-1) === null;
  }

  #wholePages(): TranscriptPage[] {
    return (this.#read?.pages ?? []).filter((page) => page !== null && page !== undefined);
  }
}
