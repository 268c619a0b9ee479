import {
  type GenericActionCtx,
  type GenericDataModel,
  httpActionGeneric,
  type HttpRouter,
  ROUTABLE_HTTP_METHODS,
} from "convex/server";
import { RUN, UPDATE_FROM_API } from "./context.js";
import { environment } from "./environment.js";
import { bearerToken, isKnownKey, parseKeys } from "./model/apiKeys.js";
import { Refusal, REFUSALS } from "./model/errors.js";
import { log, type LogFields } from "./model/log.js";
import { refusalOf } from "./model/platformErrors.js";
import type { Update, UpdateAnswer } from "./model/validators.js";
import { checkContentType, parseJson, readBody } from "./wire/body.js";
import { parseBatch, parseUpdate } from "./wire/parseUpdate.js";

type ActionCtx = GenericActionCtx<GenericDataModel>;

export interface RoutesOptions {
  /** Where a worker checks its key, `/health` by default; `false` leaves an app's own alone. */
  healthPath?: string | false | undefined;
}

/**
 * Adds the endpoints to an app's router: `POST /updateTranscriptionJob`,
 * `POST /updateTranscriptionJobs`, and `GET /health` unless `healthPath` says otherwise.
 *
 * @param http what `httpRouter()` made in the app's `convex/http.ts`
 */
export function registerRoutes(
  http: HttpRouter,
  { healthPath = "/health" }: RoutesOptions = {},
): void {
  post(http, "/updateTranscriptionJob", "transcription_update", async (ctx, body, fields) => {
    const update = parseUpdate(body);
    Object.assign(fields, { jobId: update.jobId, status: update.status });
    const answer = accepted(await ctx.runMutation(UPDATE_FROM_API, update));
    fields["outcome"] = answer.outcome;
    return answer;
  });

  post(http, "/updateTranscriptionJobs", "transcription_updates", async (ctx, body, fields) => {
    const results = await answerEach(parseBatch(body), async (updates) => {
      return (await ctx.runMutation(RUN, { op: "applyUpdates", updates })) ?? [];
    });
    const codes = results.flatMap((result) => (result.ok ? [] : [result.error.code]));
    Object.assign(fields, { updates: results.length, refused: codes.length });
    if (codes.length > 0) fields["codes"] = [...new Set(codes)].join(" ");
    return { ok: true, results };
  });

  if (healthPath === false) return;
  http.route({
    path: healthPath,
    method: "GET",
    handler: httpActionGeneric(async (_ctx, request) => {
      return await answering({ event: "transcription_health" }, () => {
        checkKey(request);
        return { ok: true };
      });
    }),
  });
}

/** A path that takes JSON from a worker by POST; other methods are told so. */
function post(
  http: HttpRouter,
  path: string,
  event: string,
  handle: (ctx: ActionCtx, body: unknown, fields: LogFields) => Promise<object>,
): void {
  for (const method of ROUTABLE_HTTP_METHODS) {
    const handler =
      method === "POST"
        ? httpActionGeneric(async (ctx, request) => {
            const arrivedAt = Date.now();
            const fields: LogFields = { event };
            const response = await answering(fields, async () => {
              checkKey(request);
              checkContentType(request.headers.get("Content-Type"));
              return await handle(ctx, parseJson(await readBody(request)), fields);
            });
            log({ ...fields, httpStatus: response.status, ms: Date.now() - arrivedAt });
            return response;
          })
        : httpActionGeneric(async () => {
            const refusal = new Refusal("method_not_allowed", "Send updates with POST.");
            return await Promise.resolve(refused(refusal, { Allow: "POST" }));
          });
    http.route({ path, method, handler });
  }
}

/** @throws Refusal `not_configured`, `unauthorized` */
function checkKey(request: Request): void {
  const keys = parseKeys(environment.apiKeys);
  if (keys.length === 0) {
    throw new Refusal(
      "not_configured",
      "CONVEX_API_KEY is not set on this deployment: `npx convex env set CONVEX_API_KEY` with a long random key.",
    );
  }
  const token = bearerToken(request.headers.get("Authorization"));
  if (token === null || !isKnownKey(token, keys)) {
    throw new Refusal("unauthorized", "Send Authorization: Bearer with a key of this deployment.");
  }
}

type Accepted = Extract<UpdateAnswer, { ok: true }>;

/** @throws Refusal for what the mutation refuses */
function accepted(answer: UpdateAnswer): Accepted {
  if (answer.ok) return answer;
  switch (answer.code) {
    case "job_not_found":
      throw new Refusal(answer.code, "There is no such job, or not yet: send this again later.");
    case "user_mismatch":
      throw new Refusal(answer.code, "userId is not the user of this job.");
    case "segment_gap": {
      const { expected = 0 } = answer;
      throw new Refusal(answer.code, `Segments are missing: send them from ${expected} on.`, {
        expected,
      });
    }
  }
}

/** One answer for each update, in their order; those that are valid are applied together. */
async function answerEach(
  bodies: unknown[],
  apply: (updates: Update[]) => Promise<UpdateAnswer[]>,
): Promise<(Accepted | ReturnType<typeof errorBody>)[]> {
  const updates: Update[] = [];
  const refusals = bodies.map((body) => {
    const update = orRefusal(() => parseUpdate(body));
    if (update instanceof Refusal) return update;
    updates.push(update);
    return null;
  });
  const answers = (updates.length === 0 ? [] : await apply(updates)).values();
  return refusals.map((refusal) => {
    const result = refusal ?? orRefusal(() => accepted(answers.next().value as UpdateAnswer));
    return result instanceof Refusal ? errorBody(result) : result;
  });
}

function orRefusal<T>(make: () => T): T | Refusal {
  try {
    return make();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** Answers whatever happens with our JSON. */
async function answering(
  fields: LogFields,
  handle: () => Promise<object> | object,
): Promise<Response> {
  try {
    return jsonResponse(200, await handle());
  } catch (error) {
    if (error instanceof Refusal) {
      fields["outcome"] = error.code;
      return refused(error);
    }
    const refusal = refusalOf(error);
    Object.assign(fields, { outcome: refusal.code, error: firstLine(error) });
    return refused(refusal);
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split("\n", 1)[0] ?? "").slice(0, 500);
}

function refused(refusal: Refusal, headers = {}): Response {
  const known = REFUSALS[refusal.code];
  return jsonResponse(known.status, errorBody(refusal), {
    ...("headers" in known && known.headers),
    ...headers,
  });
}

function errorBody({ code, message, details }: Refusal) {
  return { ok: false as const, error: { code, message, ...details } };
}

function jsonResponse(status: number, body: object, headers: Record<string, string> = {}) {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}
