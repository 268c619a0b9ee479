import type { ConvexReactClient } from "convex/react";
import { systemClock, type Clock } from "./clock";
import { JobCommands } from "./commands";
import { TranscriptionError } from "./errors";
import { JobEvents } from "./jobEvents";
import { ConvexHttp } from "./sync/convexHttp";
import { Fallback } from "./sync/fallback";
import { browserLedger } from "./upload/ledger";
import { Tickets } from "./upload/tickets";
import { Uploads } from "./upload/uploads";
import { WorkerApi } from "./upload/workerApi";
import type { WorkerJob } from "./upload/workerJob";

/** What a session is made with, once. Times in milliseconds. */
export interface SessionSettings {
  apiBaseUrl: string;
  pollInterval: number;
  stuckAfter: number;
  hasToken: boolean;
  clock?: Clock;
}

/** What a session acts through; may change at every render. */
export interface SessionTools {
  client: ConvexReactClient;
  fetchToken: (() => Promise<string | null>) | undefined;
  replaceClient: (() => void) | undefined;
  describeUploadError: ((error: TranscriptionError) => string) | undefined;
}

/** All that a page does for one signed-in user beside showing what the subscription gives. */
export class Session {
  readonly uploads: Uploads;
  readonly fallback: Fallback;
  readonly events = new JobEvents();
  readonly commands: JobCommands;
  readonly #api: WorkerApi;
  readonly #tickets: Tickets;
  #tools: SessionTools;

  constructor(settings: SessionSettings, tools: SessionTools) {
    const { apiBaseUrl, pollInterval, stuckAfter, hasToken, clock = systemClock } = settings;
    this.#tools = tools;
    const fetchToken = async () => (await this.#tools.fetchToken?.()) ?? null;
    const http = hasToken ? new ConvexHttp(tools.client.url, fetchToken) : null;
    this.commands = new JobCommands(tools.client, http);
    this.#api = new WorkerApi({ baseUrl: apiBaseUrl, clock });
    this.#tickets = new Tickets(
      (jobId) => this.commands.ticket(jobId),
      () => clock.now(),
    );
    this.uploads = new Uploads({
      commands: this.commands,
      api: this.#api,
      tickets: this.#tickets,
      ledger: browserLedger(),
      describe: (error) => this.#tools.describeUploadError?.(error) ?? error.message,
      clock,
    });
    this.fallback = new Fallback({
      clock,
      pollInterval,
      stuckAfter,
      readConvex: http === null ? null : (rows, scope) => http.read(rows, scope),
      readWorker: (jobId) => this.#readWorker(jobId),
      replaceClient: () => this.#tools.replaceClient?.(),
      isUploading: (jobId) => this.uploads.isUploading(jobId),
    });
  }

  /** What to act through from now on. */
  use(tools: SessionTools): void {
    this.#tools = tools;
    this.commands.use(tools.client);
  }

  /** Ends a job, and its upload. */
  async cancel(jobId: string): Promise<void> {
    await this.commands.cancel(jobId);
    this.uploads.abort(jobId);
  }

  async #readWorker(jobId: string): Promise<WorkerJob> {
    const ticket = await this.#tickets.get(jobId);
    try {
      return await this.#api.getJob(jobId, ticket);
    } catch (error) {
      // The key has been changed: the next round asks for a new one.
      if (error instanceof TranscriptionError && error.status === 401) this.#tickets.forget(jobId);
      throw error;
    }
  }
}
