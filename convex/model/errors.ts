import { ConvexError } from "convex/values";
import { JOB_NOT_FOUND_RETRY_AFTER, UNAVAILABLE_RETRY_AFTER } from "./limits";

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
  constructor(
    readonly code: RefusalCode,
    message: string,
    readonly details: { issues?: Issue[]; expected?: number } = {},
  ) {
    super(message);
    this.name = "Refusal";
  }
}

/** What the public functions throw, as `ConvexError({ code, message })`. */
export type JobErrorCode =
  "unauthenticated" | "invalid_argument" | "job_not_found" | "job_id_taken" | "job_active";

// A type, not an interface: `ConvexError` takes Convex values, which have an index signature.
export type JobErrorData = { code: JobErrorCode; message: string };

/** The error that a public function throws: `code` for machines, `message` for people. */
export function jobError(code: JobErrorCode, message: string): ConvexError<JobErrorData> {
  return new ConvexError({ code, message });
}

const JOB_ERROR_CODES: Record<JobErrorCode, true> = {
  unauthenticated: true,
  invalid_argument: true,
  job_not_found: true,
  job_id_taken: true,
  job_active: true,
};

/** Whether a caught error is one of ours, so that a client can switch on `error.data.code`. */
export function isJobError(error: unknown): error is ConvexError<JobErrorData> {
  if (!(error instanceof ConvexError)) return false;
  const data: unknown = error.data;
  return (
    typeof data === "object" &&
    data !== null &&
    "code" in data &&
    typeof data.code === "string" &&
    Object.hasOwn(JOB_ERROR_CODES, data.code)
  );
}
