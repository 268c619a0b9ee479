import type { IncomingMessage } from "node:http";
import type { DevIssuer } from "../auth/devIssuer";
import { HttpError } from "./exchange";

/**
 * The answer to `GET /dev/token?subject=alice`: a token of the dev issuer. Only this machine's own
 * pages and programs get one: a foreign page must not sign in here, neither with a request of its
 * own (`Origin`) nor with a name of its own that points here (`Host`).
 * @throws HttpError 403 for anybody else, 400 without a subject
 */
export async function devToken(
  request: IncomingMessage,
  url: URL,
  issuer: DevIssuer,
): Promise<{ token: string }> {
  const { host, origin } = request.headers;
  if (!isLoopback(`http://${host ?? ""}`) || (origin !== undefined && !isLoopback(origin))) {
    throw new HttpError(403, "Forbidden", "Development tokens are for this machine only");
  }
  const subject = url.searchParams.get("subject");
  if (subject === null || subject === "") {
    throw new HttpError(400, "BadRequest", "Say for whom: /dev/token?subject=alice");
  }
  return { token: await issuer.token(subject) };
}

function isLoopback(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}
