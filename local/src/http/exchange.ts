import type { IncomingMessage, ServerResponse } from "node:http";
import type { JSONValue } from "convex/values";

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
 * The whole body; `null` when it is larger than the limit. It is read to its end all the same,
 * because a client that is still sending would not see the answer.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | null> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunks = [];
  }
  return size > limit ? null : Buffer.concat(chunks);
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
