import type { IncomingMessage, ServerResponse } from "node:http";
import type { JSONValue } from "convex/values";
import type { DevIssuer } from "../auth/devIssuer";
import { AuthFailure, type User } from "../auth/user";
import type { TokenVerifier } from "../auth/verifier";
import { encodeTimestamp } from "../clock";
import type { Deployment } from "../functions/deployment";
import type { Outcome } from "../functions/outcome";
import { parseJSON } from "../json";
import { answerOf, argsOf, callOf, pathOf, readJSONObject, type HttpCall } from "./calls";
import { allowAnyOrigin } from "./cors";
import { DEV_TOKEN_PATH, devToken } from "./devToken";
import { HttpError, sendJSON, sendText, targetOf } from "./exchange";
import type { RequestHandler } from "./listen";

const RUN_PATH = "/api/run/";

type Run = (path: string, args: JSONValue, user: User | null) => Promise<Outcome>;
type Answer = (request: IncomingMessage, url: URL) => Promise<JSONValue>;

/** Serves the HTTP API that ConvexHttpClient speaks, and the dev issuer's tokens if there is one. */
export function clientApiHandler(
  deployment: Deployment,
  verifier: TokenVerifier,
  devIssuer: DevIssuer | null,
): RequestHandler {
  const posts = postEndpoints(deployment, verifier);
  const get = queryByGet(deployment, verifier);

  return async (request, response) => {
    const url = targetOf(request);
    if (url?.pathname === DEV_TOKEN_PATH && devIssuer !== null) {
      const token = await devToken(request, url, devIssuer);
      if (!allowAnyOrigin(request, response)) sendJSON(response, 200, token);
      return;
    }
    if (allowAnyOrigin(request, response)) return;
    const path = url?.pathname ?? "";
    const post = path.startsWith(RUN_PATH) ? posts.get(RUN_PATH) : posts.get(path);
    if (url !== null && post !== undefined && request.method === "POST") {
      sendJSON(response, 200, await post(request, url));
    } else if (url !== null && path === "/api/query" && request.method === "GET") {
      sendJSON(response, 200, await get(request, url));
    } else if (!answerAboutItself(path, deployment, response)) {
      throw new HttpError(post === undefined ? 404 : 405, "NotFound", "There is no such endpoint");
    }
  };
}

function postEndpoints(
  deployment: Deployment,
  verifier: TokenVerifier,
): ReadonlyMap<string, Answer> {
  const query: Run = (path, args, user) => deployment.query({ path, args, user });
  const mutation: Run = async (path, args, user) =>
    (await deployment.mutation(path, args, user)).outcome;
  const action: Run = (path, args, user) => deployment.action(path, args, user);
  const any: Run = (path, args, user) => deployment.any(path, args, user);

  const calling =
    (run: Run): Answer =>
    async (request) =>
      answer(callOf(await readJSONObject(request)), run, await userOf(request, verifier));
  return new Map<string, Answer>([
    ["/api/query", calling(query)],
    ["/api/query_at_ts", calling(query)],
    ["/api/mutation", calling(mutation)],
    ["/api/action", calling(action)],
    ["/api/function", calling(any)],
    [
      "/api/query_batch",
      async (request) => {
        const { queries } = await readJSONObject(request);
        if (!Array.isArray(queries)) throw new HttpError(400, "BadJsonBody", "missing `queries`");
        const user = await userOf(request, verifier);
        const results: JSONValue[] = [];
        for (const body of queries) results.push(await answer(callOf(body), query, user));
        return { results };
      },
    ],
    [
      RUN_PATH,
      async (request, url) => {
        const body = await readJSONObject(request);
        const user = await userOf(request, verifier);
        return answer({ path: pathInUrl(url), ...argsOf(body) }, any, user);
      },
    ],
  ]);
}

function queryByGet(deployment: Deployment, verifier: TokenVerifier): Answer {
  return async (request, url) => {
    const [path, args] = [url.searchParams.get("path"), url.searchParams.get("args")];
    if (path === null || args === null) {
      throw new HttpError(400, "BadQueryArgs", "path and args are needed");
    }
    let parsed: JSONValue;
    try {
      parsed = parseJSON(args);
    } catch {
      throw new HttpError(400, "BadQueryArgs", "args is not JSON");
    }
    const call = callOf({ path, args: parsed, format: url.searchParams.get("format") });
    const user = await userOf(request, verifier);
    return answer(
      call,
      (name, values) => deployment.query({ path: name, args: values, user }),
      user,
    );
  };
}

async function answer({ path, args, format }: HttpCall, run: Run, user: User | null) {
  return answerOf(await run(path, args, user), format);
}

/** `/api/run/folder/module/name`: a function's path with slashes only. */
function pathInUrl(url: URL): string {
  const parts = url.pathname.slice(RUN_PATH.length).split("/").map(decoded);
  const name = parts.pop();
  if (parts.length === 0 || name === undefined) {
    throw new HttpError(
      400,
      "MissingIdentifier",
      "Path or function name not provided in path, e.g. /api/run/messages/list",
    );
  }
  return pathOf(`${parts.join("/")}:${name}`);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function userOf(request: IncomingMessage, verifier: TokenVerifier): Promise<User | null> {
  try {
    return await verifier.verifyHeader(request.headers.authorization);
  } catch (error) {
    if (error instanceof AuthFailure) throw new HttpError(error.status, error.code, error.message);
    throw error;
  }
}

/** Answers what needs no user; `false` when the path is none of those. */
function answerAboutItself(
  path: string,
  deployment: Deployment,
  response: ServerResponse,
): boolean {
  switch (path) {
    case "/api/query_ts":
      sendJSON(response, 200, { ts: encodeTimestamp(deployment.clock.next()) });
      return true;
    case "/version":
      sendText(response, 200, "unknown");
      return true;
    case "/instance_name":
      sendText(response, 200, "embedded");
      return true;
    case "/":
      sendText(response, 200, "This Convex deployment is running. Its data lives in memory.");
      return true;
    default:
      return false;
  }
}
