import { httpRouter, ROUTABLE_HTTP_METHODS } from "convex/server";
import { internal } from "./_generated/api.js";
import { type ActionCtx, httpAction } from "./_generated/server.js";
import { variables } from "./env.js";
import { bearerToken, isKnownKey, parseKeys } from "./model/apiKeys.js";
import { Refusal, REFUSALS } from "./model/errors.js";
import { log, type LogFields } from "./model/log.js";
import type { Update, UpdateAnswer } from "./model/validators.js";
import { checkContentType, parseJson, readBody } from "./wire/body.js";
import { parseUpdate } from "./wire/parseUpdate.js";

const UPDATE_PATH = "/updateTranscriptionJob";

const http = httpRouter();

http.route({
  path: UPDATE_PATH,
  method: "POST",
  handler: httpAction(async (ctx: ActionCtx, request) => {
    const arrivedAt = Date.now();
    const fields: LogFields = { event: "transcription_update" };
    const response = await answering(fields, async () => {
      checkKey(request);
      checkContentType(request.headers.get("Content-Type"));
      const update = parseUpdate(parseJson(await readBody(request)));
      Object.assign(fields, { jobId: update.jobId, status: update.status });
      const answer = await applyUpdate(ctx, update);
      fields["outcome"] = answer.outcome;
      return jsonResponse(200, answer);
    });
    log({ ...fields, httpStatus: response.status, ms: Date.now() - arrivedAt });
    return response;
  }),
});

for (const method of ROUTABLE_HTTP_METHODS.filter((other) => other !== "POST")) {
  http.route({
    path: UPDATE_PATH,
    method,
    handler: httpAction(async () => {
      const refusal = new Refusal("method_not_allowed", "Send updates with POST.");
      return await Promise.resolve(refused(refusal, { Allow: "POST" }));
    }),
  });
}

http.route({
  path: "/health",
  method: "GET",
  handler: httpAction(async (_ctx, request) => {
    return await answering({ event: "health" }, () => {
      checkKey(request);
      return jsonResponse(200, { ok: true });
    });
  }),
});

export default http;

/** @throws Refusal `not_configured`, `unauthorized` */
function checkKey(request: Request): void {
  const keys = parseKeys(variables["CONVEX_API_KEY"]);
  if (keys.length === 0) {
    throw new Refusal(
      "not_configured",
      "CONVEX_API_KEY is not set on this deployment: run `npm run keygen` and the line it prints.",
    );
  }
  const token = bearerToken(request.headers.get("Authorization"));
  if (token === null || !isKnownKey(token, keys)) {
    throw new Refusal("unauthorized", "Send Authorization: Bearer with a key of this deployment.");
  }
}

/** @throws Refusal for what the mutation refuses; anything else that it throws changed nothing */
async function applyUpdate(
  ctx: ActionCtx,
  update: Update,
): Promise<Extract<UpdateAnswer, { ok: true }>> {
  const answer = await ctx.runMutation(internal.transcriptionJobs.updateFromAPI, update);
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

/** Answers whatever happens with our JSON. */
async function answering(
  fields: LogFields,
  handle: () => Promise<Response> | Response,
): Promise<Response> {
  try {
    return await handle();
  } catch (error) {
    if (error instanceof Refusal) {
      fields["outcome"] = error.code;
      return refused(error);
    }
    // A mutation throws when Convex's own retries did not help: too many writes at once.
    const message = error instanceof Error ? error.message : String(error);
    Object.assign(fields, { outcome: "unavailable", error: message.split("\n", 1)[0] });
    return refused(new Refusal("unavailable", "Nothing was changed. Send this again shortly."));
  }
}

function refused({ code, message, details }: Refusal, headers = {}): Response {
  const refusal = REFUSALS[code];
  const body = { ok: false, error: { code, message, ...details } };
  return jsonResponse(refusal.status, body, {
    ...("headers" in refusal && refusal.headers),
    ...headers,
  });
}

function jsonResponse(status: number, body: object, headers: Record<string, string> = {}) {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}
