import { convexTest } from "convex-test";
import { register } from "convex-transcription-jobs/test";
import { afterEach, beforeEach, vi } from "vitest";
import { api } from "../convex/_generated/api";
import schema from "../convex/schema";

export const KEY = "the-worker-knows-it";
export const TOKEN_IDENTIFIER = "https://clerk.example.com|user_2ana";

const modules = import.meta.glob("../convex/**/*.*s");

/** A fresh deployment of the whole app with one person who is signed in with a custom JWT. */
export async function newApp() {
  const t = convexTest({ schema, modules, transactionLimits: true });
  const jobs = register(t, { key: KEY });
  const ana = t.withIdentity({
    issuer: "https://clerk.example.com",
    subject: "user_2ana",
    tokenIdentifier: TOKEN_IDENTIFIER,
  });
  const user = await ana.mutation(api.users.store, {});
  return {
    t,
    jobs,
    ana,
    user,
    letters: async () => await t.run(async (ctx) => await ctx.db.query("letters").collect()),
    /** Runs what was scheduled, `onEnd` among it. */
    settle: async () => {
      await t.finishAllScheduledFunctions(() => {
        vi.runAllTimers();
      });
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});
