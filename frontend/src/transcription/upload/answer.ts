import { TranscriptionError } from "../errors";

/**
 * The JSON value in a worker's answer.
 * @throws TranscriptionError the worker's own refusal, or `unexpected_answer` where what answers is
 * not the worker
 */
export function parseAnswer(status: number, text: string): unknown {
  const body = parseJson(text);
  if (status >= 200 && status < 300 && body !== undefined) return body;
  const refusal = isRecord(body) ? body["error"] : undefined;
  if (status >= 400 && isRecord(refusal)) {
    const { code, message } = refusal;
    if (typeof code === "string" && typeof message === "string") {
      throw new TranscriptionError(code, message, { status });
    }
  }
  throw unexpectedAnswer(status);
}

/** What answers is not the worker, or a proxy that stands before it. */
export function unexpectedAnswer(status: number): TranscriptionError {
  const message = `What answers at the worker's address is not the worker (HTTP ${status}).`;
  return new TranscriptionError("unexpected_answer", message, { status });
}

/** Nobody answers. */
export function unreachable(cause?: unknown): TranscriptionError {
  return new TranscriptionError("api_unreachable", "The worker cannot be reached.", { cause });
}

/** Whether a JSON value is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
