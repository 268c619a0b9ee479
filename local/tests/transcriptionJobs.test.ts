import type { ConvexClient } from "convex/browser";
import { describe, expect, it } from "vitest";
import { api } from "../../convex/_generated/api";
import { connect, eventually, mutation, startReal, watch, type TestBackend } from "./support";

const KEY = "a-key-of-the-worker-that-is-long-enough";

interface Answer {
  status: number;
  body: { ok: boolean; outcome?: string; expected?: number; error?: { code: string } };
}

async function start(): Promise<TestBackend> {
  return startReal({ env: { CONVEX_API_KEY: KEY } });
}

async function post(backend: TestBackend, update: object, key = KEY): Promise<Answer> {
  const response = await fetch(`${backend.siteUrl}/updateTranscriptionJob`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(update),
  });
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

async function createJob(client: ConvexClient): Promise<string> {
  const { jobId } = await client.mutation(api.transcriptionJobs.create, { fileName: "talk.mp3" });
  return jobId;
}

describe("with the repository's own functions", () => {
  it("a worker's POST reaches every subscription that it concerns", async () => {
    const backend = await start();
    const alice = connect(backend, "alice");
    const jobId = await createJob(alice);
    const job = watch(alice, "transcriptionJobs:get", { jobId });
    const active = watch(alice, "transcriptionJobs:listActive");
    const stats = watch(alice, "transcriptionJobs:stats");
    const finished = watch(alice, "transcriptionJobs:listFinished", {
      paginationOpts: { numItems: 10, cursor: null },
    });
    const update = { jobId, status: "processing", progress: 40, sequence: 1 };
    expect(await post(backend, update)).toMatchObject({
      status: 200,
      body: { outcome: "applied" },
    });
    await eventually(() => {
      expect(job.at(-1)).toMatchObject({ status: "processing", progress: 40 });
      expect(active.at(-1)).toMatchObject([{ jobId, progress: 40 }]);
      expect(stats.at(-1)).toMatchObject({ active: 1, completed: 0 });
    });
    const end = { jobId, status: "completed", result: { text: "hello" }, sequence: 2 };
    expect(await post(backend, end)).toMatchObject({ status: 200, body: { outcome: "applied" } });
    await eventually(() => {
      expect(job.at(-1)).toMatchObject({ status: "completed", progress: 100 });
      expect(active.at(-1)).toEqual([]);
      expect(finished.at(-1)).toMatchObject({ page: [{ jobId, result: { text: "hello" } }] });
      expect(stats.at(-1)).toMatchObject({ active: 0, completed: 1 });
    });
  });

  it("live segments reach the transcript, and a gap is refused", async () => {
    const backend = await start();
    const alice = connect(backend, "alice");
    const jobId = await createJob(alice);
    const transcript = watch(alice, "transcriptionJobs:transcript", { jobId, page: 0 });
    const items = [{ start: 0, end: 1, text: "one" }];
    const segments = (offset: number) => ({
      jobId,
      status: "processing",
      segments: { offset, items },
    });
    await post(backend, segments(0));
    expect(await post(backend, segments(5))).toMatchObject({
      status: 409,
      body: { error: { code: "segment_gap" } },
    });
    await eventually(() => {
      expect(transcript.at(-1)).toMatchObject({ offset: 0, segments: items });
    });
  });

  it("nobody sees another person's job", async () => {
    const backend = await start();
    const alice = connect(backend, "alice");
    const bob = connect(backend, "bob");
    const jobId = await createJob(alice);
    const foreign = watch(bob, "transcriptionJobs:get", { jobId });
    const active = watch(bob, "transcriptionJobs:listActive");
    const nobody = watch(connect(backend), "transcriptionJobs:get", { jobId });
    await post(backend, { jobId, status: "processing", progress: 10 });
    await expect(bob.mutation(api.transcriptionJobs.cancel, { jobId })).rejects.toMatchObject({
      data: { code: "job_not_found" },
    });
    await eventually(() => {
      expect(nobody).toHaveLength(1);
      expect(foreign).toEqual([null]);
      expect(active).toEqual([[]]);
    });
    expect(JSON.stringify(nobody)).toContain("unauthenticated");
  });

  it("the worker learns from the next answer that the user has cancelled", async () => {
    const backend = await start();
    const alice = connect(backend, "alice");
    const jobId = await createJob(alice);
    await post(backend, { jobId, status: "processing", progress: 10 });
    await alice.mutation(api.transcriptionJobs.cancel, { jobId });
    expect(await post(backend, { jobId, status: "processing", progress: 20 })).toMatchObject({
      status: 200,
      body: { outcome: "ignored", status: "cancelled" },
    });
  });

  it("many posters at once lose nothing, and no subscriber sees progress fall", async () => {
    const backend = await start();
    const alice = connect(backend, "alice");
    const jobIds = await Promise.all(Array.from({ length: 4 }, () => createJob(alice)));
    const seen = jobIds.map((jobId) => watch(alice, "transcriptionJobs:get", { jobId }));
    await Promise.all(
      Array.from({ length: 100 }, async (_, sequence) => {
        const jobId = jobIds[sequence % 4];
        const update = { jobId, status: "processing", progress: sequence % 100, sequence };
        expect((await post(backend, update)).status).toBe(200);
      }),
    );
    await eventually(() => {
      expect(seen.map((jobs) => (jobs.at(-1) as { progress: number }).progress)).toEqual([
        96, 97, 98, 99,
      ]);
    });
    for (const jobs of seen) {
      const progress = jobs.map((job) => (job as { progress: number }).progress);
      expect(progress).toEqual([...progress].sort((one, other) => one - other));
    }
  });

  it("a wrong key changes nothing, and internal functions stay internal", async () => {
    const backend = await start();
    const alice = connect(backend, "alice");
    const jobId = await createJob(alice);
    const seen = watch(alice, "transcriptionJobs:get", { jobId });
    const answer = await post(backend, { jobId, status: "failed", error: "x" }, "wrong");
    expect(answer).toMatchObject({ status: 401, body: { error: { code: "unauthorized" } } });
    for (const name of ["createFor", "updateFromAPI"]) {
      const call = alice.mutation(mutation(`transcriptionJobs:${name}`), {});
      await expect(call).rejects.toThrow("Could not find public function");
    }
    expect(seen.map((job) => (job as { status: string }).status)).toEqual(["pending"]);
  });
});
