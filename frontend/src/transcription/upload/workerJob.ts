import type { Job, JobStatus } from "../types";
import { isRecord } from "./answer";

/**
 * What the worker tells of a job: its row, but for what only Convex knows. Times are the worker's
 * clock, in epoch milliseconds.
 */
export type WorkerJob = Omit<
  Job,
  "_id" | "_creationTime" | "userId" | "pageCount" | "stalledAt" | "reported" | "segmentsFinal"
>;

const STATUSES: ReadonlySet<unknown> = new Set<JobStatus>([
  "pending",
  "processing",
  "completed",
  "failed",
  "cancelled",
]);
const JOB_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/**
 * The body of `GET /job/{id}`, checked: unknown keys and bad optional values are dropped.
 * @returns null where it does not say which job it is, and how and when it stands
 */
export function parseWorkerJob(body: unknown): WorkerJob | null {
  if (!isRecord(body)) return null;
  const { jobId, status } = body;
  const progress = number(body["progress"], 100);
  const attempt = count(body["attempt"]);
  const updatedAt = time(body["updatedAt"]);
  if (typeof jobId !== "string" || !JOB_ID.test(jobId) || !isStatus(status)) return null;
  if (progress === undefined || updatedAt === undefined) return null;
  if (attempt === undefined || attempt === 0) return null;
  return {
    jobId,
    status,
    progress,
    attempt,
    updatedAt,
    createdAt: time(body["createdAt"]) ?? updatedAt,
    segmentCount: count(body["segmentCount"]) ?? 0,
    ...present({
      stage: text(body["stage"]),
      message: text(body["message"]),
      fileName: text(body["fileName"]),
      fileSize: number(body["fileSize"]),
      audioInfo: audioInfo(body["audioInfo"]),
      result: result(body["result"]),
      error: text(body["error"]),
      startedAt: time(body["startedAt"]),
      completedAt: time(body["completedAt"]),
      estimatedTimeRemaining: number(body["estimatedTimeRemaining"]),
      sequence: count(body["sequence"]),
      endedBy: endedBy(body["endedBy"]),
    }),
  };
}

function audioInfo(value: unknown): Job["audioInfo"] {
  if (!isRecord(value)) return undefined;
  return present({
    duration: number(value["duration"]),
    sampleRate: number(value["sampleRate"]),
    channels: number(value["channels"]),
    format: text(value["format"]),
    sizeBytes: number(value["sizeBytes"]),
  });
}

function result(value: unknown): Job["result"] {
  if (!isRecord(value)) return undefined;
  const beginning = text(value["text"]);
  return {
    textLength: count(value["textLength"]) ?? beginning?.length ?? 0,
    ...present({
      language: text(value["language"]),
      duration: number(value["duration"]),
      model: text(value["model"]),
      text: beginning,
    }),
  };
}

function isStatus(value: unknown): value is JobStatus {
  return STATUSES.has(value);
}

function endedBy(value: unknown): Job["endedBy"] {
  return value === "user" || value === "worker" ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function number(value: unknown, max = Number.MAX_VALUE): number | undefined {
  return typeof value === "number" && value >= 0 && value <= max ? value : undefined;
}

function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? number(value) : undefined;
}

/** Epoch milliseconds that a `Date` can hold, after 1970. */
function time(value: unknown): number | undefined {
  const milliseconds = number(value, 8.64e15);
  return milliseconds === 0 ? undefined : milliseconds;
}

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function present<T extends object>(fields: T): Present<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Present<T>;
}
