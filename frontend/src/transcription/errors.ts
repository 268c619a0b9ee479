import { ConvexError } from "convex/values";

/**
 * What went wrong. `code` is for programs, `message` for people:
 * - Convex's refusals keep their code: `unauthenticated`, `invalid_argument`, `job_not_found`,
 *   `job_id_taken`, `job_active`;
 * - so do the worker's: `payload_too_large`, `unsupported_audio`, `broken_audio`, `audio_too_long`,
 *   `unauthorized`, `invalid_form`, `disk_full`, …;
 * - `api_unreachable`: nobody answers at the worker's address;
 * - `upload_stalled`: an upload has not moved for minutes; `upload_cut_off`: its page was closed;
 *   `file_unreadable`: its file was changed, moved or deleted; `aborted`: its job was cancelled;
 * - `unexpected_answer`: what answers there is not the worker;
 * - `not_configured`: the deployment has no key, so there are no tickets;
 * - `convex_unreachable`, `convex_error`: Convex could not be read, or failed.
 */
export class TranscriptionError extends Error {
  override readonly name = "TranscriptionError";
  readonly code: string;
  /** The worker's HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(code: string, message: string, options: ErrorOptions & { status?: number } = {}) {
    super(message, options);
    this.code = code;
    this.status = options.status;
  }
}

/** Anything that was thrown, with a code. */
export function asTranscriptionError(
  error: unknown,
  fallbackCode = "convex_error",
): TranscriptionError {
  if (error instanceof TranscriptionError) return error;
  if (error instanceof ConvexError) {
    const data: unknown = error.data;
    if (isCoded(data)) return new TranscriptionError(data.code, data.message, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new TranscriptionError(fallbackCode, message, { cause: error });
}

function isCoded(data: unknown): data is { code: string; message: string } {
  return (
    typeof data === "object" &&
    data !== null &&
    "code" in data &&
    typeof data.code === "string" &&
    "message" in data &&
    typeof data.message === "string"
  );
}
