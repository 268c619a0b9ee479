import type { IncomingMessage } from "node:http";
import { HttpError } from "./exchange";
import { hasLoopbackHost, isLoopback } from "./loopback";

/** Where development tokens are asked for: `GET /dev/token?subject=alice`. */
export const DEV_TOKEN_PATH = "/dev/token";

/** Makes a development token for a subject. */
export interface TokenIssuer {
  token(subject: string): Promise<string>;
}

/**
 * The answer to `GET /dev/token?subject=alice`: a token of the dev issuer. Only this machine's own
 * pages and programs get one: a foreign page must not sign in here, neither with a request of its
 * own (`Origin`) nor with a name of its own that points here (`Host`).
 * @throws HttpError 403 for anybody else, 400 without a subject
 */
export async function devToken(
  request: IncomingMessage,
  url: URL,
  issuer: TokenIssuer,
): Promise<{ token: string }> {
  const { origin } = request.headers;
  if (!hasLoopbackHost(request) || (origin !== undefined && !isLoopback(origin))) {
    throw new HttpError(403, "Forbidden", "Development tokens are for this machine only");
  }
  const subject = url.searchParams.get("subject");
  if (subject === null || subject === "") {
    throw new HttpError(400, "BadRequest", "Say for whom: /dev/token?subject=alice");
  }
  return { token: await issuer.token(subject) };
}
