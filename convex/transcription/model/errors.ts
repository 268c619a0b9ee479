import { ConvexError } from "convex/values";
import { JOB_NOT_FOUND_RETRY_AFTER, UNAVAILABLE_RETRY_AFTER } from "./limits.js";

/** Every way the endpoint refuses: its HTTP status and the headers that go with it. */
export const REFUSALS = {
  invalid_json: { status: 400 },
  invalid_payload: { status: 400 },
  unauthorized: { status: 401, headers: { "WWW-Authenticate": "Bearer" } },
  user_mismatch: { status: 403 },
  job_not_found: { status: 404, headers: { "Retry-After": String(JOB_NOT_FOUND_RETRY_AFTER) } },
  method_not_allowed: { status: 405 },
  segment_gap: { status: 409 },
  payload_too_large: { status: 413 },
  unsupported_media_type: { status: 415 },
  internal_error: { status: 500 },
  not_configured: { status: 503 },
  unavailable: { status: 503, headers: { "Retry-After": String(UNAVAILABLE_RETRY_AFTER) } },
} as const satisfies Record<string, { status: number; headers?: Record<string, string> }>;

export type RefusalCode = keyof typeof REFUSALS;

/** One problem of a body: `path` like `result.segments.3.end`, `""` for the body itself. */
export interface Issue {
  path: string;
  message: string;
}

/** A request that is not taken; nothing was changed. Caught in one place, where it is answered. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly details: { issues?: Issue[]; expected?: number };

  constructor(code: RefusalCode, message: string, details: Refusal["details"] = {}) {
    super(message);
    this.name = "Refusal";
    this.code = code;
    this.details = details;
  }
}

/** The codes of what the public functions throw, as `ConvexError({ code, message })`. */
export const JOB_ERROR_CODES = [
  "unauthenticated",
  "invalid_argument",
  "job_not_found",
  "job_id_taken",
  "job_active",
] as const;
export type JobErrorCode = (typeof JOB_ERROR_CODES)[number];

// A type, not an interface: `ConvexError` takes Convex values, which have an index signature.
export type JobErrorData = { code: JobErrorCode; message: string };

/** The error that a public function throws: `code` for machines, `message` for people. */
export function jobError(code: JobErrorCode, message: string): ConvexError<JobErrorData> {
  return new ConvexError({ code, message });
}

/** An error of ours, wherever it was caught. */
export interface JobError {
  data: JobErrorData;
  message: string;
}

/**
 * Whether a caught error is one of ours, so that a client can switch on `error.data.code`. Goes by
 * the code alone: a page may have loaded another copy of `convex/values` than the one that made it.
 */
export function isJobError(error: unknown): error is JobError {
  const data = (error as { data?: { code?: unknown } | null } | null | undefined)?.data;
  return (JOB_ERROR_CODES as readonly unknown[]).includes(data?.code);
}
