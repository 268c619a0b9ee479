import type { IncomingMessage, ServerResponse } from "node:http";
import type { JSONValue } from "convex/values";
import { MAX_BODY_BYTES } from "../limits";

/** A request that is answered with an error of the platform: a code and a message, as JSON. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "HttpError";
  }
}

/**
 * The whole body.
 * @throws HttpError 413 when it is larger than the platform takes; it is read to its end all the
 * same, because a client that is still sending would not see the answer
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks = [];
  }
  if (size > MAX_BODY_BYTES) {
    throw new HttpError(413, "RequestTooLarge", `The body is larger than ${MAX_BODY_BYTES} bytes`);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** Answers with JSON. */
export function sendJSON(response: ServerResponse, status: number, body: JSONValue): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

/** Answers with text. */
export function sendText(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(body);
}

/** The request's path and query; `null` for a target that is none (`OPTIONS *`). */
export function targetOf(request: IncomingMessage): URL | null {
  const target = request.url ?? "";
  // Behind the base, `//host/path` stays a path; a proxy sends the absolute form.
  const url = target.startsWith("/") ? `http://localhost${target}` : target;
  return URL.canParse(url) ? new URL(url) : null;
}
