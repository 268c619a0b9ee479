import { convexTest } from "convex-test";
import {
  cronJobs,
  defineSchema,
  defineTable,
  httpRouter,
  internalMutationGeneric,
  makeFunctionReference,
} from "convex/server";
import { v } from "convex/values";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import {
  defineTranscriptionJobs,
  type OnEnd,
  onEndArgs,
  registerCrons,
  registerRoutes,
  transcriptionTables,
} from "../convex/transcription/server";
import { register } from "./register";

const KEY = "key";
const DAY = 24 * 60 * 60 * 1000;
const ALICE = { subject: "alice", issuer: "https://issuer.example" };
const ALICE_ID = "https://issuer.example|alice";

const tables = { ...transcriptionTables, ends: defineTable(onEndArgs) };
const onEnd = makeFunctionReference("notes:fromTranscript") as unknown as OnEnd;

/** An app that writes down every call of its `onEnd`. */
function newApp(reference: OnEnd = onEnd) {
  const http = httpRouter();
  registerRoutes(http);
  const crons = cronJobs();
  registerCrons(crons);
  const t = convexTest(defineSchema(tables), {
    "/convex/_generated/api.js": () => Promise.resolve({}),
    "/convex/transcriptionJobs.ts": () =>
      Promise.resolve(defineTranscriptionJobs({ onEnd: reference })),
    "/convex/http.ts": () => Promise.resolve({ default: http }),
    "/convex/crons.ts": () => Promise.resolve({ default: crons }),
    "/convex/notes.ts": () =>
      Promise.resolve({
        fromTranscript: internalMutationGeneric({
          args: onEndArgs,
          returns: v.null(),
          handler: async (ctx, args) => {
            await ctx.db.insert("ends", args);
            return null;
          },
        }),
      }),
  });
  const user = t.withIdentity(ALICE);
  return {
    t,
    user,
    ...register(t, { key: KEY }),
    /** What `onEnd` was called with, after everything scheduled has run. */
    ends: async () => {
      await t.finishAllScheduledFunctions(vi.runAllTimers);
      const rows = await t.run(async (ctx) => await ctx.db.query("ends").collect());
      return rows.map(({ jobId, userId, status }) => ({ jobId, userId, status }));
    },
    run: async (op: "watchdog" | "retention") =>
      await t.mutation(internal.transcriptionJobs.run, { op }),
  };
}
type App = ReturnType<typeof newApp>;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ["Date", "setTimeout", "clearTimeout"] });
  vi.spyOn(console, "log").mockReturnValue();
});

const { cancel, uploadFailed, remove } = api.transcriptionJobs;
const job = { jobId: "job" };
const segment = { start: 0, end: 1, text: "a" };

/** Every way to end a job. */
const WAYS: [string, string, (app: App) => Promise<unknown>][] = [
  ["completed by the worker", "completed", (app) => app.post({ ...job, status: "completed" })],
  [
    "completed with a transcript",
    "completed",
    (app) => app.post({ ...job, status: "completed", result: { text: "t", segments: [segment] } }),
  ],
  ["failed", "failed", (app) => app.post({ ...job, status: "failed", error: "x" })],
  ["cancelled by the worker", "cancelled", (app) => app.post({ ...job, status: "cancelled" })],
  [
    "completed by a later attempt",
    "completed",
    (app) => app.post({ ...job, status: "completed", attempt: 2 }),
  ],
  [
    "completed in a batch, twice",
    "completed",
    (app) =>
      app.postAll([
        { ...job, status: "processing", sequence: 1 },
        { ...job, status: "completed", sequence: 2 },
        { ...job, status: "completed", sequence: 2 },
        { ...job, status: "failed", error: "x", sequence: 3 },
      ]),
  ],
  ["cancelled by the user", "cancelled", (app) => app.user.mutation(cancel, job)],
  [
    "an upload that failed",
    "failed",
    (app) => app.user.mutation(uploadFailed, { ...job, error: "x" }),
  ],
  [
    "an upload that never arrived",
    "failed",
    (app) => {
      vi.setSystemTime(Date.now() + DAY + 1);
      return app.run("watchdog");
    },
  ],
];

/** Whatever may come once a job has ended. */
const AFTERWARDS: [string, (app: App) => Promise<unknown>][] = [
  ["nothing", () => Promise.resolve()],
  ["the same end again", (app) => app.post({ ...job, status: "completed" })],
  ["another end", (app) => app.post({ ...job, status: "failed", error: "y", sequence: 99 })],
  [
    "late segments",
    (app) => app.post({ ...job, status: "processing", segments: { offset: 0, items: [segment] } }),
  ],
  ["late progress", (app) => app.post({ ...job, status: "processing", progress: 99 })],
  ["another attempt", (app) => app.post({ ...job, status: "completed", attempt: 9 })],
  [
    "a batch of ends",
    (app) =>
      app.postAll([
        { ...job, status: "completed", sequence: 50 },
        { ...job, status: "completed", sequence: 50 },
      ]),
  ],
  ["a cancel", (app) => app.user.mutation(cancel, job)],
  ["a failed upload", (app) => app.user.mutation(uploadFailed, { ...job, error: "x" })],
  ["the removal", (app) => app.user.mutation(remove, job)],
  [
    "the watchdog, days later",
    (app) => {
      vi.setSystemTime(Date.now() + 5 * DAY);
      return app.run("watchdog");
    },
  ],
  [
    "retention, months later",
    (app) => {
      vi.setSystemTime(Date.now() + 200 * DAY);
      return app.run("retention");
    },
  ],
];

describe.each(WAYS)("onEnd: %s", (_way, status, end) => {
  test.each(AFTERWARDS)("is called once, also after %s", async (_name, afterwards) => {
    const app = newApp();
    await app.createFor(ALICE_ID, job);
    expect(await app.ends()).toEqual([]);
    await end(app);
    const called = [{ jobId: "job", userId: ALICE_ID, status }];
    expect(await app.ends()).toEqual(called);
    await afterwards(app);
    expect(await app.ends()).toEqual(called);
  });
});

test.each([1, 2, 3, 4, 5])("all ways at once, shuffled (%s): once", async (turn) => {
  const app = newApp();
  await app.createFor(ALICE_ID, job);
  const ways = WAYS.slice(0, -1);
  const shuffled = ways.map((_, index) => ways[(index * 5 + turn) % ways.length]);
  await Promise.all(shuffled.map(async (way) => await way?.[2](app).catch(() => null)));
  const ends = await app.ends();
  expect(ends).toHaveLength(1);
  const row = await app.user.query(api.transcriptionJobs.get, job);
  expect(row?.status).toBe(ends[0]?.status);
});

test("a refused end calls nothing", async () => {
  const app = newApp();
  await app.createFor(ALICE_ID, job);
  const segments = { offset: 5, items: [segment] };
  expect((await app.post({ ...job, status: "completed", segments })).status).toBe(409);
  expect((await app.post({ ...job, status: "completed", userId: "other" })).status).toBe(403);
  expect((await app.post({ ...job, status: "failed" })).status).toBe(400);
  expect(await app.ends()).toEqual([]);
});

test("removeAllOf deletes active jobs without ending them", async () => {
  const app = newApp();
  await app.createFor(ALICE_ID, job);
  await app.t.mutation(internal.transcriptionJobs.removeAllOf, { userId: ALICE_ID });
  expect(await app.ends()).toEqual([]);
});

test("a function that cannot be scheduled undoes no end, and is logged", async () => {
  // Convex refuses to schedule what does not exist at once; convex-test finds out when it runs.
  const unknown = new Proxy(
    {},
    {
      get() {
        throw new Error("Could not find public function for 'notes:renamed'.");
      },
    },
  ) as unknown as OnEnd;
  const app = newApp(unknown);
  const lines: string[] = [];
  vi.mocked(console.log).mockImplementation((line: string) => void lines.push(line));
  await app.createFor(ALICE_ID, job);
  expect((await app.post({ ...job, status: "completed" })).body.outcome).toBe("applied");
  expect(await app.user.query(api.transcriptionJobs.get, job)).toMatchObject({
    status: "completed",
  });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual({
    event: "on_end_not_scheduled",
    jobId: "job",
    status: "completed",
    error: expect.stringContaining("notes:renamed") as string,
  });
});
