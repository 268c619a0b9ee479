import { registerRoutes } from "convex-transcription-jobs/server";
import { httpRouter } from "convex/server";
import { httpAction } from "./_generated/server";
import { greeting, newsletter } from "./validation";

const http = httpRouter();
registerRoutes(http);

http.route({
  path: "/newsletter",
  method: "POST",
  handler: httpAction(async (_ctx, request) => {
    const body: unknown = await request.json();
    const parsed = [newsletter.safeParse(body), greeting.safeParse(body)];
    const messages = parsed.flatMap(
      ({ error }) => error?.issues.map(({ message }) => message) ?? [],
    );
    return new Response(JSON.stringify(messages), { status: messages.length === 0 ? 200 : 422 });
  }),
});

export default http;
