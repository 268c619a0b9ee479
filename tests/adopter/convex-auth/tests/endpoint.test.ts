import { registerRoutes } from "convex-transcription-jobs/server";
import { httpActionGeneric, httpRouter } from "convex/server";
import { describe, expect, test } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { KEY, newApp, SITE_URL } from "./setup";

describe("the endpoint beside the app's own routes", () => {
  test("takes an update with the right key and refuses another", async () => {
    const { t, jobs, ana, newJob } = await newApp();
    const jobId = await newJob();
    const update = { jobId, status: "processing", progress: 40, stage: "transcribing" };

    const { status, body } = await jobs.post(update);
    expect(status).toBe(200);
    expect(body).toMatchObject({ ok: true, jobId, outcome: "applied", progress: 40 });
    expect(await ana.query(api.transcriptionJobs.get, { jobId })).toMatchObject({ progress: 40 });

    const refused = await t.fetch("/updateTranscriptionJob", {
      method: "POST",
      headers: { Authorization: `Bearer not-${KEY}`, "Content-Type": "application/json" },
      body: JSON.stringify({ ...update, progress: 90 }),
    });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ ok: false, error: { code: "unauthorized" } });
    expect(await ana.query(api.transcriptionJobs.get, { jobId })).toMatchObject({ progress: 40 });
  });

  test("takes a batch", async () => {
    const { jobs, newJob, userId } = await newApp();
    const jobIds = [await newJob(), await jobs.createFor(userId, { fileName: "dos.mp3" })];
    const updates = jobIds.map((jobId) => ({ jobId, status: "processing", progress: 1 }));
    const { status, body } = await jobs.postAll([...updates, { jobId: "nobody's" }]);
    expect(status).toBe(200);
    expect(body.results?.map(({ outcome, error }) => outcome ?? error?.code)).toEqual([
      "applied",
      "applied",
      "invalid_payload",
    ]);
  });

  test("leaves /health to the app", async () => {
    const { t } = await newApp();
    const response = await t.fetch("/health", { method: "GET" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("the app is well");
  });

  test("does not quietly take a path of the app's", async () => {
    const { default: http } = await import("../convex/http");
    expect(() => {
      registerRoutes(http);
    }).toThrow("/updateTranscriptionJob");
    const other = httpRouter();
    const own = httpActionGeneric(async () => await Promise.resolve(new Response("own")));
    other.route({ path: "/health", method: "GET", handler: own });
    expect(() => {
      registerRoutes(other);
    }).toThrow("/health");
  });

  test("leaves /stripe/webhook to the app", async () => {
    const { t, stripe } = await newApp();
    expect((await stripe({ id: "evt_1", type: "paid" })).status).toBe(204);
    expect((await stripe({ id: "evt_2", type: "paid" }, "somebody else")).status).toBe(400);
    const payments = await t.run(async (ctx) => await ctx.db.query("payments").collect());
    expect(payments.map(({ event }) => event)).toEqual(["evt_1"]);
  });

  test("leaves Convex Auth's routes alone", async () => {
    const { t } = await newApp();
    const response = await t.fetch("/.well-known/openid-configuration", { method: "GET" });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ issuer: SITE_URL });
  });
});

describe("the person", () => {
  test("a job's userId is the app's users._id", async () => {
    const { t, newJob, userId } = await newApp();
    const jobId = await newJob();
    const row = await t.run(
      async (ctx) =>
        await ctx.db
          .query("transcriptionJobs")
          .withIndex("by_job_id", (q) => q.eq("jobId", jobId))
          .unique(),
    );
    expect(row?.userId).toBe(userId);
  });

  test("another person does not see it, and nobody does without signing in", async () => {
    const { t, newJob } = await newApp();
    const jobId = await newJob();
    const other = await t.run(async (ctx) => await ctx.db.insert("users", {}));
    const stranger = t.withIdentity({ subject: `${other}|session` });
    expect(await stranger.query(api.transcriptionJobs.get, { jobId })).toBeNull();
    await expect(t.query(api.transcriptionJobs.get, { jobId })).rejects.toMatchObject({
      data: { code: "unauthenticated" },
    });
  });

  test("an account that is deleted takes its jobs along", async () => {
    const { t, jobs, newJob, settle, forget } = await newApp();
    await newJob();
    const ended = await newJob();
    await jobs.post({ jobId: ended, status: "completed", result: { text: "Hola." } });
    await settle();
    await forget();
    await settle();
    const left = await t.run(async (ctx) => ({
      jobs: await ctx.db.query("transcriptionJobs").collect(),
      stats: await ctx.db.query("transcriptionStats").collect(),
      notes: await ctx.db.query("notes").collect(),
    }));
    expect(left).toEqual({ jobs: [], stats: [], notes: [] });
  });
});

describe("onEnd", () => {
  test("writes one note with the text, however often the end comes", async () => {
    const { jobs, newJob, settle, notes } = await newApp();
    const jobId = await newJob();
    const text = "Buenos días a todos.";
    const end = { jobId, status: "completed", result: { text, segments: [] }, sequence: 7 };
    expect((await jobs.post(end)).body).toMatchObject({ outcome: "applied" });
    expect((await jobs.post(end)).body).toMatchObject({ outcome: "duplicate" });
    expect((await jobs.post({ ...end, sequence: 8 })).body).toMatchObject({ outcome: "ignored" });
    await settle();
    expect(await notes()).toEqual([{ jobId, text }]);
  });

  test("finds the text of a transcript that came long, and of one that came live", async () => {
    const { jobs, newJob, settle, notes } = await newApp();
    const long = await newJob();
    const text = "Buenos días a todos. ".repeat(5000);
    await jobs.post({ jobId: long, status: "completed", result: { text } });
    const live = await newJob();
    const items = ["Buenas", "noches."].map((said, at) => ({ start: at, end: at + 1, text: said }));
    await jobs.post({ jobId: live, status: "processing", segments: { offset: 0, items } });
    await jobs.post({ jobId: live, status: "completed" });
    await settle();
    expect(await notes()).toEqual([
      { jobId: long, text },
      { jobId: live, text: "Buenas noches." },
    ]);
  });

  test("makes no note of a job that its user cancelled", async () => {
    const { jobs, ana, newJob, settle, notes } = await newApp();
    const jobId = await newJob();
    await ana.mutation(api.transcriptionJobs.cancel, { jobId });
    await jobs.post({ jobId, status: "completed", result: { text: "zu spät" } });
    await settle();
    expect(await notes()).toEqual([]);
  });
});

describe("crons", () => {
  test("are the app's and the module's", async () => {
    const { default: crons } = await import("../convex/crons");
    const calls = Object.values(crons.crons).map(({ name, args }) => [name, args]);
    expect(calls).toEqual([
      ["maintenance:forgetPayments", [{}]],
      ["transcriptionJobs:run", [{ op: "watchdog" }]],
      ["transcriptionJobs:run", [{ op: "retention" }]],
    ]);
  });

  test.each(["watchdog", "retention"] as const)("%s runs", async (op) => {
    const { t } = await newApp();
    expect(await t.mutation(internal.transcriptionJobs.run, { op })).toBeNull();
  });
});
