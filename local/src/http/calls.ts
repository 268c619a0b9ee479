import type { IncomingMessage } from "node:http";
import type { JSONValue } from "convex/values";
import { isFunctionPath } from "../functions/address";
import { exportValue, formatOf } from "../functions/exportValue";
import { asServerError, type Outcome } from "../functions/outcome";
import { isJSONObject, parseJSON, type JSONObject } from "../json";
import { MAX_API_BODY_BYTES } from "../limits";
import { HttpError, readBody } from "./exchange";

/** A function call over HTTP. */
export interface HttpCall {
  path: string;
  args: JSONValue;
  format: JSONValue | undefined;
}

/**
 * The request's body, which has to be a JSON object that says so.
 * @throws HttpError 400
 */
export async function readJSONObject(request: IncomingMessage): Promise<JSONObject> {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim() ?? "";
  if (!/^application\/(?:[\w.-]+\+)?json$/i.test(type)) {
    throw badBody("Expected request with `Content-Type: application/json`");
  }
  const body = await readBody(request, MAX_API_BODY_BYTES);
  if (body === null) throw badBody("Failed to buffer the request body: length limit exceeded");
  try {
    const parsed = parseJSON(body.toString());
    if (isJSONObject(parsed)) return parsed;
  } catch {
    throw badBody("Failed to parse the request body as JSON");
  }
  throw badBody("Failed to deserialize the JSON body into the target type: expected an object");
}

/**
 * The call that a body describes, with its arguments as the published clients have them (a list of
 * one object) or as a plain object.
 * @throws HttpError 400
 */
export function callOf(body: JSONValue): HttpCall {
  if (!isJSONObject(body)) throw badBody("expected an object");
  return { path: pathOf(body["path"]), ...argsOf(body) };
}

/**
 * The arguments of a body whose function is named elsewhere.
 * @throws HttpError 400
 */
export function argsOf(body: JSONObject): Omit<HttpCall, "path"> {
  const { args, format } = body;
  if (args === undefined) {
    throw badBody("Failed to deserialize the JSON body into the target type: missing field `args`");
  }
  return { args: Array.isArray(args) ? (args[0] ?? {}) : args, format };
}

/**
 * A function's path.
 * @throws HttpError 400 when no function can have it
 */
export function pathOf(path: JSONValue | undefined): string {
  if (typeof path !== "string") {
    throw badBody("Failed to deserialize the JSON body into the target type: missing field `path`");
  }
  if (isFunctionPath(path)) return path;
  throw new HttpError(
    400,
    "BadConvexFunctionIdentifier",
    `${path} is not a valid path to a Convex function.`,
  );
}

/**
 * What a call is answered with, always with status 200: that a function failed is no error of the
 * request.
 * @throws HttpError 400 when there is no such format; like on the platform, the function has run
 */
export function answerOf(outcome: Outcome, formatName: JSONValue | undefined): JSONObject {
  const format = formatOf(formatName);
  if (format === null) {
    const message = `format param must be one of [\`json\`]. Got ${JSON.stringify(formatName)}`;
    throw new HttpError(400, "BadFormat", message);
  }
  if (outcome.success) return { status: "success", value: exportValue(outcome.value, format) };
  return {
    status: "error",
    errorMessage: asServerError(outcome.message),
    ...(outcome.data !== undefined && { errorData: exportValue(outcome.data, format) }),
  };
}

function badBody(message: string): HttpError {
  return new HttpError(400, "BadJsonBody", message);
}
