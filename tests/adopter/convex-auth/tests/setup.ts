import { convexTest } from "convex-test";
import { register } from "convex-transcription-jobs/test";
import { afterEach, beforeEach, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import schema from "../convex/schema";

export const KEY = "the-worker-knows-it";
export const STRIPE_SECRET = "whsec_12345678";
export const SITE_URL = "https://happy-animal-123.convex.site";

const modules = import.meta.glob("../convex/**/*.*s");

/** A fresh deployment of the whole app with one person who is signed in through Convex Auth. */
export async function newApp() {
  const t = convexTest({ schema, modules, transactionLimits: true });
  const jobs = register(t, { key: KEY });
  const userId = await t.run(async (ctx) => await ctx.db.insert("users", { name: "Ana" }));
  const sessionId = await t.run(
    async (ctx) =>
      await ctx.db.insert("authSessions", { userId, expirationTime: Date.now() + 1e9 }),
  );
  const ana = t.withIdentity({ subject: `${userId}|${sessionId}`, issuer: SITE_URL });
  return {
    t,
    jobs,
    ana,
    userId,
    newJob: async () => (await ana.mutation(api.transcriptionJobs.create, {})).jobId,
    notes: async () => await ana.query(api.notes.list, {}),
    /** Runs what was scheduled, `onEnd` among it. */
    settle: async () => {
      await t.finishAllScheduledFunctions(() => {
        vi.runAllTimers();
      });
    },
    stripe: async (body: unknown, signature = STRIPE_SECRET) =>
      await t.fetch("/stripe/webhook", {
        method: "POST",
        headers: { "Stripe-Signature": signature, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    forget: async () => await t.mutation(internal.maintenance.forgetUser, { userId }),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv("CONVEX_SITE_URL", SITE_URL);
  vi.stubEnv("STRIPE_WEBHOOK_SECRET", STRIPE_SECRET);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});
