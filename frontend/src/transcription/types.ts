import type { FunctionReturnType } from "convex/server";
import type { jobsApi } from "./backend";
import type { TranscriptionError } from "./errors";

/** A job's row as Convex gives it. Times are epoch milliseconds. */
export type Job = FunctionReturnType<typeof jobsApi.listActive>[number];

/** `pending`, `processing`, `completed`, `failed` or `cancelled`. */
export type JobStatus = Job["status"];

/**
 * Who said what is shown of a job: Convex's subscription, Convex over plain HTTP while the
 * subscription is cut, or the worker's own API while its reports do not reach Convex.
 */
export type JobSource = "convex" | "convex-http" | "worker";

/** How much of a file has been sent. */
export interface UploadProgress {
  /** Bytes. */
  loaded: number;
  /** Bytes. */
  total: number;
}

/** A job as it is shown. */
export interface JobView extends Job {
  source: JobSource;
  /** While this page uploads the job's file. */
  upload?: UploadProgress;
}

/** How many jobs the user has; `active` are those that have not ended. */
export type JobStats = FunctionReturnType<typeof jobsApi.stats>;

/** A piece of a transcript. Times are in seconds. */
export type Segment = NonNullable<
  FunctionReturnType<typeof jobsApi.transcript>
>["segments"][number];

/** What a query says now. */
export type QueryState<T> =
  | { status: "loading" }
  | { status: "success"; data: T }
  | { status: "error"; error: TranscriptionError }
  | { status: "signed-out" };

/** The jobs that have ended, newest end first, as far as they have been loaded. */
export type FinishedJobs = FinishedJobsState & {
  results: JobView[];
  /** Loads `count` more; does nothing unless there are more and none is on its way. */
  loadMore: (count: number) => void;
};

type FinishedJobsState =
  | { status: "loading" }
  /** `more`: whether there are older ones, and whether they are being loaded. */
  | { status: "success"; more: "available" | "loading" | "none" }
  | { status: "error"; error: TranscriptionError }
  | { status: "signed-out" };

/**
 * How what is shown reaches the page.
 * - `live`: through Convex's subscription, as it should.
 * - `worker-silent`: the page's connection is fine, but the worker's news of a job has stopped; the
 *   worker's API is asked.
 * - `convex-unreachable`: the subscription is cut, or silent while it says that it is connected;
 *   Convex is read over plain HTTP.
 * - `recovered`: the fault has ended, a moment ago.
 */
export type SyncStatus = "live" | "worker-silent" | "convex-unreachable" | "recovered";

/** What a job can be started with. Left out, the worker decides. */
export interface TranscriptionOptions {
  /** Of the new job; a random UUID by default. The same id again finds the same job. */
  jobId?: string;
  /** Spoken language, as Whisper names it: `en`. */
  language?: string;
  model?: string;
  /** 0 to 1. */
  temperature?: number;
  /** Words that help the engine with names and style. */
  initialPrompt?: string;
  /** Whether words get times of their own. */
  returnTimestamps?: boolean;
}

/** A job's transcript, as far as its pages have arrived. */
export type TranscriptState =
  | { status: "loading" }
  | {
      status: "success";
      segments: Segment[];
      /** The worker's own text where it is too long for the row, or there are no segments; else theirs, joined. */
      text: string;
      /** Whether pages of what exists now are still on their way. */
      pages: "loading" | "complete";
    }
  | { status: "error"; error: TranscriptionError }
  | { status: "signed-out" };

/** Options of `useTranscript`. */
export interface UseTranscriptOptions {
  /** The signed-in user's token, for Convex over plain HTTP while the socket is cut. */
  fetchToken?: () => Promise<string | null>;
}

/** Options of `usePersistentTranscription`. */
export interface UsePersistentTranscriptionOptions {
  /** The worker's HTTP API: `https://worker.example.com`. Empty where there is none. */
  apiBaseUrl: string;
  /** The signed-in user's token, for Convex over plain HTTP; without it that fallback is off. */
  fetchToken?: () => Promise<string | null>;
  /** Milliseconds between questions to the worker's API during a fault; 10,000 by default. */
  pollInterval?: number;
  /** Milliseconds without news after which a fault is looked for; 30,000 by default. */
  stuckAfter?: number;
  /** The reason that people see on a job whose upload failed; the error's message by default. */
  describeUploadError?: (error: TranscriptionError) => string;
  /** A job of this user was completed: once per job, wherever it was started. */
  onJobComplete?: (job: JobView) => void;
  /** A job failed: once per job. */
  onJobError?: (job: JobView) => void;
  /** An active job moved: once per change of status, progress, stage or message. */
  onJobProgress?: (job: JobView) => void;
}

/** What `usePersistentTranscription` gives. */
export interface PersistentTranscription {
  /** Newest first. */
  activeJobs: QueryState<JobView[]>;
  finishedJobs: FinishedJobs;
  stats: QueryState<JobStats>;
  sync: SyncStatus;
  /** Why the worker's API could not be asked the last time; `null` while it answers. */
  apiError: TranscriptionError | null;
  /** A job of those that are loaded, `null` for any other. */
  getJob: (jobId: string) => JobView | null;
  /**
   * Makes a job and begins to upload its file. The upload goes on after the promise is kept: its
   * progress is `JobView.upload`, and where it fails the job is `failed` with the reason.
   * @returns the job's id
   * @throws TranscriptionError when the job could not be made; nothing is left behind
   */
  startTranscription: (file: File, options?: TranscriptionOptions) => Promise<string>;
  /**
   * Ends an active job, and its upload. @throws TranscriptionError
   */
  cancelTranscription: (jobId: string) => Promise<void>;
  /**
   * Deletes a job that has ended. @throws TranscriptionError `job_active`: cancel it first
   */
  removeTranscription: (jobId: string) => Promise<void>;
}
