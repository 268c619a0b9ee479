import { httpActionGeneric, httpRouter, makeFunctionReference } from "convex/server";

/** What everything is measured against: parse, patch, no checks. */
const http = httpRouter();
const patch = makeFunctionReference<"mutation">("jobs:patch");

http.route({
  path: "/updateTranscriptionJob",
  method: "POST",
  handler: httpActionGeneric(async (ctx, request) => {
    const { jobId, ...update } = (await request.json()) as { jobId: string };
    await ctx.runMutation(patch, { jobId, update });
    return Response.json({ ok: true });
  }),
});

export default http;
