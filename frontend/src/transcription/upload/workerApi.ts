import { type Clock, systemClock } from "../clock";
import { isRecord, parseAnswer, unexpectedAnswer, unreachable } from "./answer";
import { type FileUpload, uploadFile } from "./uploadFile";
import { parseWorkerJob, type WorkerJob } from "./workerJob";

/** Milliseconds after which a question that has no answer is given up. */
const ANSWER_TIMEOUT = 8_000;

/** Where the worker's API is, and what to reach it with. */
export interface WorkerApiOptions {
  /** `https://worker.example.com`; may have a path, and end with "/". Empty: there is none. */
  baseUrl: string;
  clock?: Clock;
  /** Asks the questions; uploads are sent with `XMLHttpRequest`. */
  fetch?: typeof globalThis.fetch;
  /** Milliseconds that a question may take; 8,000 by default. */
  timeoutMs?: number;
}

/** What the worker takes. */
export interface WorkerHealth {
  /** Names of file formats, such as `mp3`. */
  formats: string[];
  maxUploadBytes: number;
}

/** The worker's HTTP API. Everything that it throws is a `TranscriptionError`. */
export class WorkerApi {
  readonly #baseUrl: string;
  readonly #clock: Clock;
  readonly #fetch: typeof globalThis.fetch;
  readonly #timeoutMs: number;

  constructor(options: WorkerApiOptions) {
    this.#baseUrl = options.baseUrl.replace(/\/+$/, "");
    this.#clock = options.clock ?? systemClock;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#timeoutMs = options.timeoutMs ?? ANSWER_TIMEOUT;
  }

  /**
   * What the worker knows of a job.
   * @throws TranscriptionError `job_not_found`, `unauthorized`, `api_unreachable`,
   * `unexpected_answer`
   */
  async getJob(jobId: string, ticket: string): Promise<WorkerJob> {
    const headers = { Authorization: `Bearer ${ticket}` };
    const { status, body } = await this.#ask(`/job/${encodeURIComponent(jobId)}`, { headers });
    const job = parseWorkerJob(body);
    if (job?.jobId !== jobId) throw unexpectedAnswer(status);
    return job;
  }

  /**
   * What the worker takes.
   * @throws TranscriptionError `api_unreachable`, `unexpected_answer`
   */
  async health(): Promise<WorkerHealth> {
    const { status, body } = await this.#ask("/health");
    const { formats, maxUploadBytes } = isRecord(body) ? body : {};
    const valid = Array.isArray(formats) && formats.every((format) => typeof format === "string");
    if (!valid || typeof maxUploadBytes !== "number") throw unexpectedAnswer(status);
    return { formats, maxUploadBytes };
  }

  /** Sends a job's file: see `uploadFile`. */
  upload(upload: FileUpload): Promise<void> {
    // Without an address the page's own server would answer.
    if (this.#baseUrl === "") return Promise.reject(unreachable());
    return uploadFile(`${this.#baseUrl}/transcribe-job`, upload, this.#clock);
  }

  async #ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
    const controller = new AbortController();
    const timer = this.#clock.setTimeout(() => {
      controller.abort();
    }, this.#timeoutMs);
    const { signal } = controller;
    try {
      const { status, text } = await this.#read(path, { ...init, signal, cache: "no-store" });
      return { status, body: parseAnswer(status, text) };
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  async #read(path: string, init: RequestInit): Promise<{ status: number; text: string }> {
    if (this.#baseUrl === "") throw unreachable();
    try {
      const response = await this.#fetch(`${this.#baseUrl}${path}`, init);
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw unreachable(error);
    }
  }
}
