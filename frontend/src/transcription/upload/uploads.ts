import { type Clock, systemClock } from "../clock";
import { asTranscriptionError, TranscriptionError } from "../errors";
import type { TranscriptionOptions, UploadProgress } from "../types";
import { deliver } from "./deliver";
import type { UploadLedger } from "./ledger";
import { ProgressBoard } from "./progressBoard";
import { randomId } from "./randomId";
import { MAX_ERROR_LENGTH, MAX_FILE_NAME_LENGTH, storableText } from "./text";
import { noTicket, type Tickets } from "./tickets";
import { Turns } from "./turns";
import type { FileUpload } from "./uploadFile";
import type { WorkerApi } from "./workerApi";

/** Files that are sent at once. */
const AT_ONCE = 2;

/** Convex's mutations that uploads need. */
export interface UploadCommands {
  /** Makes the job, or finds the one that the user has under this id. `fileSize` in bytes. */
  create: (job: {
    jobId: string;
    fileName?: string;
    fileSize: number;
  }) => Promise<{ jobId: string; ticket: string | null }>;
  /** Ends a job whose file never reached the worker. */
  uploadFailed: (jobId: string, error: string) => Promise<unknown>;
}

/** What uploads need. */
export interface UploadsOptions {
  commands: UploadCommands;
  api: WorkerApi;
  tickets: Tickets;
  ledger: UploadLedger;
  /** The reason that people see on a job that failed; the error's message by default. */
  describe?: (error: TranscriptionError) => string;
  clock?: Clock;
}

type NewUpload = Omit<FileUpload, "ticket"> & { signal: AbortSignal };

interface RunningUpload {
  started: Promise<string>;
  stop: AbortController;
}

/** The uploads of this page: makes jobs, sends their files, and reports what went wrong. */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #board: ProgressBoard;
  readonly #turns = new Turns(AT_ONCE);
  readonly #running = new Map<string, RunningUpload>();
  #watch = new AbortController();

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#board = new ProgressBoard(options.clock ?? systemClock);
  }

  /** How far each upload of this page is; a new map whenever something changes. */
  readonly snapshot = (): ReadonlyMap<string, UploadProgress> => this.#board.snapshot;

  /** Calls `listener` after each change, until the returned function is called. */
  readonly subscribe = (listener: () => void): (() => void) => this.#board.subscribe(listener);

  /** Whether a file is being sent, or waits for it: something would be lost with the page. */
  get active(): boolean {
    return this.#board.snapshot.size > 0;
  }

  /** Whether a page of this browser is at the upload of a job, or has left it unreported. */
  isUploading(jobId: string): boolean {
    return this.#options.ledger.has(jobId);
  }

  /**
   * Makes a job and begins to upload its file, which goes on after the promise is kept.
   * @returns the job's id, as soon as its row exists
   * @throws TranscriptionError when the job could not be made; nothing is left behind
   */
  start(file: File, options: TranscriptionOptions = {}): Promise<string> {
    const jobId = options.jobId ?? randomId();
    const running = this.#running.get(jobId);
    if (running !== undefined) return running.started;
    const stop = new AbortController();
    const upload = { jobId, file, options, signal: stop.signal };
    const started = new Promise<string>((resolve, reject) => {
      const created = (): void => {
        resolve(jobId);
      };
      const work = (): Promise<void> => this.#run(upload, created);
      this.#options.ledger
        .hold(jobId, work)
        // Once the row exists, this is the report of a failure that failed: the entry tells it on.
        .catch((error: unknown) => {
          reject(asTranscriptionError(error));
        })
        .finally(() => this.#running.delete(jobId));
    });
    this.#running.set(jobId, { started, stop });
    return started;
  }

  /** Stops the upload of a job that was cancelled. */
  abort(jobId: string): void {
    this.#running.get(jobId)?.stop.abort();
    this.#options.ledger.done(jobId);
  }

  /**
   * Reports the uploads that were cut off when their page was closed, now and as long as pages of
   * now may be closed; to be called when the user has signed in.
   */
  async reportCutOff(): Promise<void> {
    if (this.#watch.signal.aborted) this.#watch = new AbortController();
    const message = "The page was closed before the whole file was sent.";
    const reason = this.#describe(new TranscriptionError("upload_cut_off", message));
    await this.#options.ledger.reportCutOff(async (jobId) => {
      await this.#options.commands.uploadFailed(jobId, reason);
    }, this.#watch.signal);
  }

  /** Ends `reportCutOff`. Uploads go on: they do not need anybody who looks at them. */
  dispose(): void {
    this.#watch.abort();
  }

  async #run(newUpload: NewUpload, created: () => void): Promise<void> {
    const { commands, ledger } = this.#options;
    const { jobId, file } = newUpload;
    const ticket = await this.#create(jobId, file);
    this.#board.add(jobId, file.size);
    created();
    const onProgress = (progress: UploadProgress): void => {
      this.#board.move(jobId, progress);
    };
    const upload = { ...newUpload, onProgress };
    const error = ticket === null ? noTicket() : await this.#send(upload);
    this.#board.remove(jobId);
    if (error !== null && error.code !== "aborted") {
      await commands.uploadFailed(jobId, this.#describe(error));
    }
    ledger.done(jobId);
  }

  async #create(jobId: string, file: File): Promise<string | null> {
    const { commands, ledger, tickets } = this.#options;
    const fileName = storableText(file.name, MAX_FILE_NAME_LENGTH);
    const job = { jobId, fileSize: file.size, ...(fileName !== "" && { fileName }) };
    try {
      const { ticket } = await commands.create(job);
      tickets.put(jobId, ticket);
      return ticket;
    } catch (error) {
      ledger.done(jobId);
      throw error;
    }
  }

  async #send(upload: NewUpload): Promise<TranscriptionError | null> {
    const { api, tickets } = this.#options;
    try {
      await this.#turns.take(() => deliver(api, tickets, upload), upload.signal);
      return null;
    } catch (error) {
      return asTranscriptionError(error);
    }
  }

  /** Never empty: a job that failed has a reason. */
  #describe(error: TranscriptionError): string {
    const { describe } = this.#options;
    let text = "";
    try {
      text = describe?.(error) ?? "";
    } catch {
      // The job must fail even so.
    }
    const reasons = [text, error.message, error.code];
    const reason = reasons.find((candidate) => candidate.trim() !== "") ?? "The upload failed.";
    return storableText(reason, MAX_ERROR_LENGTH);
  }
}
