import type { IncomingMessage, ServerResponse } from "node:http";

const PREFLIGHT_LIFETIME_S = 86_400;

/**
 * Lets web pages of any origin call, as a deployment's client API does: a call proves who it is by
 * its token, never by a cookie. Answers a preflight itself and then returns `true`.
 */
export function allowAnyOrigin(request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return false;
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Allow-Credentials", "true");
  response.setHeader("Vary", "Origin");
  if (request.method !== "OPTIONS") return false;
  const asked = request.headers["access-control-request-headers"];
  response.setHeader("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS");
  if (asked !== undefined) response.setHeader("Access-Control-Allow-Headers", asked);
  response.setHeader("Access-Control-Max-Age", PREFLIGHT_LIFETIME_S);
  response.writeHead(204).end();
  return true;
}
