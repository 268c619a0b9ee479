import { registerRoutes } from "convex-transcription-jobs/server";
import { httpRouter } from "convex/server";
import { internal } from "./_generated/api";
import { httpAction } from "./_generated/server";
import { auth } from "./auth";
import { environment } from "./env";
import { stripeEvent } from "./model/validators";

const http = httpRouter();

auth.addHttpRoutes(http);

http.route({
  path: "/stripe/webhook",
  method: "POST",
  handler: httpAction(async (ctx, request) => {
    if (request.headers.get("Stripe-Signature") !== environment().STRIPE_WEBHOOK_SECRET) {
      return new Response("firma incorrecta", { status: 400 });
    }
    const parsed = stripeEvent.safeParse(await request.json());
    if (!parsed.success) return Response.json(parsed.error.issues, { status: 422 });
    await ctx.runMutation(internal.maintenance.recordPayment, parsed.data);
    return new Response(null, { status: 204 });
  }),
});

http.route({
  path: "/health",
  method: "GET",
  handler: httpAction(async () => await Promise.resolve(new Response("the app is well"))),
});

registerRoutes(http, { healthPath: false });

export default http;
