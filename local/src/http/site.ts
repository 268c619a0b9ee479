import type { IncomingMessage, ServerResponse } from "node:http";
import type { User } from "../auth/user";
import type { TokenVerifier } from "../auth/verifier";
import type { Deployment } from "../functions/deployment";
import { describe } from "../functions/outcome";
import { HttpError, readBody, sendJSON, targetOf } from "./exchange";
import type { RequestHandler } from "./listen";

const WITHOUT_BODY = new Set(["GET", "HEAD"]);
const LOOKS_LIKE_JWT = /^bearer +[\w-]+\.[\w-]+\.[\w-]+$/i;

/** Serves the HTTP actions of `convex/http.ts`; what they answer goes to the client unchanged. */
export function siteHandler(deployment: Deployment, verifier: TokenVerifier): RequestHandler {
  return async (request, response) => {
    const url = targetOf(request);
    if (url === null) throw new HttpError(400, "BadRequest", "The request target is not a path");
    const method = request.method ?? "GET";
    const body = await readBody(request);
    let answer: Response;
    try {
      answer = await deployment.fetch(
        url.pathname + url.search,
        {
          method,
          headers: headersOf(request),
          body: WITHOUT_BODY.has(method) ? null : new Uint8Array(body),
        },
        await userOf(request, verifier),
      );
    } catch (error) {
      deployment.report(`${method} ${url.pathname}`, error);
      sendJSON(response, 500, { code: "Server Error", trace: `Uncaught ${describe(error)}` });
      return;
    }
    await send(answer, response);
  };
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

async function send(answer: Response, response: ServerResponse): Promise<void> {
  const headers = [...answer.headers].flat();
  response.writeHead(answer.status, answer.statusText || undefined, headers);
  if (answer.body === null) {
    response.end();
    return;
  }
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    response.write(chunk);
  }
  response.end();
}
