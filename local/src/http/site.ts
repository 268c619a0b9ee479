import type { IncomingMessage, ServerResponse } from "node:http";
import type { User } from "../auth/user";
import type { TokenVerifier } from "../auth/verifier";
import type { Deployment } from "../functions/deployment";
import { asServerError, failed } from "../functions/outcome";
import { MAX_SITE_RESPONSE_BYTES } from "../limits";
import { HttpError, sendJSON, targetOf } from "./exchange";
import type { RequestHandler } from "./listen";

const WITHOUT_BODY = new Set(["GET", "HEAD", "OPTIONS"]);
const LOOKS_LIKE_JWT = /^bearer +[\w-]+\.[\w-]+\.[\w-]+$/i;

/**
 * Serves the HTTP actions of `convex/http.ts`; what they answer goes to the client unchanged.
 * Requests are streamed to them, of any size: only the action's own memory is a limit there.
 */
export function siteHandler(deployment: Deployment, verifier: TokenVerifier): RequestHandler {
  return async (request, response) => {
    const url = targetOf(request);
    if (url === null) throw new HttpError(400, "BadRequest", "The request target is not a path");
    const method = request.method ?? "GET";
    const route = `${method} ${url.pathname}`;
    const body = WITHOUT_BODY.has(method) ? null : streamOf(request);
    // A client that is still sending would not see the answer: what the action left is read here.
    response.on("finish", () => {
      request.removeAllListeners("data").resume();
    });
    // `duplex` is needed for a body that is a stream; the DOM's types do not know it.
    const init: RequestInit & { duplex: "half" } = {
      method,
      headers: headersOf(request),
      body,
      duplex: "half",
    };
    const user = await userOf(request, verifier);
    let answer: Response;
    try {
      answer = await deployment.fetch(url.pathname + url.search, init, user);
    } catch (error) {
      deployment.report(route, error);
      sendFailure(error, response);
      return;
    }
    await send(answer, response, (reason) => {
      deployment.report(route, new Error(reason));
    });
  };
}

function streamOf(request: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      request
        .on("data", (chunk: Buffer) => {
          controller.enqueue(new Uint8Array(chunk));
          if ((controller.desiredSize ?? 0) <= 0) request.pause();
        })
        .on("end", () => {
          controller.close();
        })
        .on("error", (error) => {
          controller.error(error);
        });
    },
    pull() {
      request.resume();
    },
    cancel() {
      request.removeAllListeners("data").removeAllListeners("end").resume();
    },
  });
}

// HTTP actions use the header for keys of their own too: only a JWT that is one is a sign-in.
async function userOf(request: IncomingMessage, verifier: TokenVerifier): Promise<User | null> {
  const header = request.headers.authorization;
  if (header === undefined || !LOOKS_LIKE_JWT.test(header)) return null;
  return verifier.verifyHeader(header).catch(() => null);
}

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  const raw = request.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i] ?? "", raw[i + 1] ?? "");
  return headers;
}

function sendFailure(error: unknown, response: ServerResponse): void {
  const { message, data } = failed(error);
  sendJSON(response, 500, {
    code: asServerError(message, ": "),
    trace: message,
    ...(data !== undefined && { data }),
  });
}

async function send(
  answer: Response,
  response: ServerResponse,
  report: (reason: string) => void,
): Promise<void> {
  const headers = [...answer.headers].flat();
  response.writeHead(answer.status, answer.statusText || undefined, headers);
  if (answer.body !== null) {
    let sent = 0;
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      // The head is out already: the client sees an answer without what would have been too much.
      if (sent + chunk.length > MAX_SITE_RESPONSE_BYTES) {
        report("HttpResponseTooLarge: HTTP actions support responses up to 20 MiB");
        continue;
      }
      sent += chunk.length;
      response.write(chunk);
    }
  }
  response.end();
}
