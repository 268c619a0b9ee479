import type { TranscriptionJob } from "convex-transcription-jobs/server";
import type { FunctionArgs, FunctionReturnType } from "convex/server";
import { describe, expect, expectTypeOf, test } from "vitest";
import { api, internal } from "../convex/_generated/api";
import type { Doc } from "../convex/_generated/dataModel";
import { KEY, newApp, TOKEN_IDENTIFIER } from "./setup";

describe("the endpoint", () => {
  test("takes an update with the right key and refuses another", async () => {
    const { t, jobs, ana } = await newApp();
    const { jobId } = await ana.mutation(api.transcriptionJobs.create, { fileName: "uno.mp3" });
    expect((await jobs.post({ jobId, status: "processing", progress: 5 })).status).toBe(200);
    const refused = await t.fetch("/updateTranscriptionJob", {
      method: "POST",
      headers: { Authorization: "Bearer wrong", "Content-Type": "application/json" },
      body: JSON.stringify({ jobId, status: "processing", progress: 90 }),
    });
    expect(refused.status).toBe(401);
    const row = await ana.query(api.transcriptionJobs.get, { jobId });
    expect(row).toMatchObject({ progress: 5, fileName: "uno.mp3" });
  });

  test("answers /health for a worker that asks with its key", async () => {
    const { t } = await newApp();
    const ask = async (headers: Record<string, string>) =>
      await t.fetch("/health", { method: "GET", headers });
    const answer = await ask({ Authorization: `Bearer ${KEY}` });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ ok: true });
    expect((await ask({})).status).toBe(401);
  });

  test("speaks English, the app its own language", async () => {
    const { t, jobs, ana } = await newApp();
    const { jobId } = await ana.mutation(api.transcriptionJobs.create, {});
    const newsletter = await t.fetch("/newsletter", { method: "POST", body: '{"email":1}' });
    expect(await newsletter.json()).toEqual([
      "no vale (invalid_type): Expected string, received number",
      expect.stringContaining("se esperaba"),
    ]);
    const { status, body } = await jobs.post({ jobId, status: "processing", progress: 101 });
    expect(status).toBe(400);
    const message = "progress: Too big: expected number to be <=100";
    expect(body).toMatchObject({ error: { issues: [{ path: "progress", message }] } });
  });
});

describe("the person", () => {
  test("is the token's identifier, whole", async () => {
    const { ana } = await newApp();
    const { jobId } = await ana.mutation(api.transcriptionJobs.create, {});
    const row = await ana.query(api.transcriptionJobs.get, { jobId });
    expect(row?.userId).toBe(TOKEN_IDENTIFIER);
  });

  test("gets the job that was made for it from the command line", async () => {
    const { t, ana } = await newApp();
    const job = { userId: TOKEN_IDENTIFIER, jobId: "from-the-shell" };
    await t.mutation(internal.transcriptionJobs.createFor, job);
    const active = await ana.query(api.transcriptionJobs.listActive, {});
    expect(active.map(({ jobId }) => jobId)).toEqual(["from-the-shell"]);
  });

  test("takes its jobs along when it is forgotten", async () => {
    const { t, ana, user, settle } = await newApp();
    await ana.mutation(api.transcriptionJobs.create, {});
    await t.mutation(internal.users.forget, { user });
    await settle();
    expect(await t.run(async (ctx) => await ctx.db.query("transcriptionJobs").take(1))).toEqual([]);
  });
});

describe("onEnd, an action", () => {
  test("runs once for a job that completed, with its text", async () => {
    const { jobs, ana, user, letters, settle } = await newApp();
    const { jobId } = await ana.mutation(api.transcriptionJobs.create, {});
    const end = { jobId, status: "completed", result: { text: "Querida Ana:" }, sequence: 3 };
    await jobs.post(end);
    await jobs.post(end);
    await settle();
    expect(await letters()).toMatchObject([{ to: user, text: "Querida Ana:" }]);
  });

  test("runs once for a job that failed and for one that was cancelled", async () => {
    const { jobs, ana, letters, settle } = await newApp();
    const failed = await ana.mutation(api.transcriptionJobs.create, {});
    await jobs.post({ jobId: failed.jobId, status: "failed", error: "no speech" });
    const cancelled = await ana.mutation(api.transcriptionJobs.create, {});
    await ana.mutation(api.transcriptionJobs.cancel, { jobId: cancelled.jobId });
    await jobs.post({ jobId: cancelled.jobId, status: "failed", error: "too late" });
    await settle();
    const texts = (await letters()).map(({ text }) => text);
    expect(texts.sort()).toEqual(["cancelled: ", "failed: no speech"]);
  });
});

test("the crons are the module's", async () => {
  const { default: crons } = await import("../convex/crons");
  const calls = Object.values(crons.crons).map(({ name, args }) => [name, args]);
  expect(calls).toEqual([
    ["transcriptionJobs:run", [{ op: "watchdog" }]],
    ["transcriptionJobs:run", [{ op: "retention" }]],
  ]);
});

test("the functions keep their types", () => {
  type Jobs = typeof api.transcriptionJobs;
  expectTypeOf<FunctionReturnType<Jobs["get"]>>().toEqualTypeOf<TranscriptionJob | null>();
  expectTypeOf<TranscriptionJob>().toEqualTypeOf<Doc<"transcriptionJobs">>();
  expectTypeOf<FunctionArgs<Jobs["get"]>>().toEqualTypeOf<{ jobId: string }>();
  expectTypeOf(internal.letters.fromTranscript).not.toBeAny();
  expectTypeOf(internal.transcriptionJobs).toHaveProperty("createFor");
});
