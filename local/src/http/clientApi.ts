import type { IncomingMessage, ServerResponse } from "node:http";
import type { JSONValue } from "convex/values";
import type { DevIssuer } from "../auth/devIssuer";
import { AuthFailure, type User } from "../auth/user";
import type { TokenVerifier } from "../auth/verifier";
import { encodeTimestamp } from "../clock";
import type { Deployment } from "../functions/deployment";
import { asServerError, type Outcome } from "../functions/outcome";
import { isJSONObject, parseJSON } from "../json";
import { allowAnyOrigin } from "./cors";
import { DEV_TOKEN_PATH, devToken } from "./devToken";
import { HttpError, readBody, sendJSON, sendText, targetOf } from "./exchange";
import type { RequestHandler } from "./listen";

/** The status with which the published client expects the errors of functions. */
const FUNCTION_FAILED = 560;

type Call = (path: string, args: JSONValue, user: User | null) => Promise<Outcome>;

/** Serves the HTTP API that ConvexHttpClient speaks, and the dev issuer's tokens if there is one. */
export function clientApiHandler(
  deployment: Deployment,
  verifier: TokenVerifier,
  devIssuer: DevIssuer | null,
): RequestHandler {
  const query: Call = (path, args, user) => deployment.query({ path, args, user });
  const calls: ReadonlyMap<string, Call> = new Map([
    ["/api/query", query],
    ["/api/query_at_ts", query],
    [
      "/api/mutation",
      async (path, args, user) => (await deployment.mutation(path, args, user)).outcome,
    ],
    ["/api/action", (path, args, user) => deployment.action(path, args, user)],
  ]);

  return async (request, response) => {
    const url = targetOf(request);
    if (url?.pathname === DEV_TOKEN_PATH && devIssuer !== null) {
      const token = await devToken(request, url, devIssuer);
      if (!allowAnyOrigin(request, response)) sendJSON(response, 200, token);
      return;
    }
    if (allowAnyOrigin(request, response)) return;
    const call = calls.get(url?.pathname ?? "");
    if (call !== undefined && request.method === "POST") {
      await answerCall(request, response, verifier, call);
    } else if (url?.pathname === "/api/query_ts") {
      sendJSON(response, 200, { ts: encodeTimestamp(deployment.clock.next()) });
    } else if (url?.pathname === "/version") {
      sendText(response, 200, "unknown");
    } else if (url?.pathname === "/instance_name") {
      sendText(response, 200, "embedded");
    } else if (url?.pathname === "/") {
      sendText(response, 200, "This Convex deployment is running. Its data lives in memory.");
    } else {
      throw new HttpError(call === undefined ? 404 : 405, "NotFound", "There is no such endpoint");
    }
  };
}

async function answerCall(
  request: IncomingMessage,
  response: ServerResponse,
  verifier: TokenVerifier,
  call: Call,
): Promise<void> {
  const { path, args } = parseCall((await readBody(request)).toString());
  const user = await verifier.verifyHeader(request.headers.authorization).catch(asUnauthorized);
  const outcome = await call(path, args, user);
  if (outcome.success) {
    sendJSON(response, 200, { status: "success", value: outcome.value, logLines: [] });
    return;
  }
  sendJSON(response, FUNCTION_FAILED, {
    status: "error",
    errorMessage: asServerError(outcome.message),
    ...(outcome.data !== undefined && { errorData: outcome.data }),
    logLines: [],
  });
}

/** Both spellings of the arguments: the published client's list of one, and the plain object. */
function parseCall(body: string): { path: string; args: JSONValue } {
  let call: JSONValue;
  try {
    call = parseJSON(body);
  } catch {
    throw new HttpError(400, "BadJsonBody", "The body is not JSON");
  }
  if (!isJSONObject(call) || typeof call["path"] !== "string") {
    throw new HttpError(400, "BadJsonBody", "The body must be { path, args, format }");
  }
  const args = Array.isArray(call["args"]) ? (call["args"][0] ?? {}) : (call["args"] ?? {});
  if (!isJSONObject(args)) {
    throw new HttpError(400, "BadJsonBody", "args must be an object, or an array with one");
  }
  return { path: call["path"], args };
}

function asUnauthorized(error: unknown): never {
  if (error instanceof AuthFailure) throw new HttpError(error.status, error.code, error.message);
  throw error;
}
