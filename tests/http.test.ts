import { describe, expect, test, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import type { Update } from "../convex/transcription/model/validators";
import { newBackend, segments } from "./support/backend";
import { handlerOf, requestTo } from "./support/handler";

describe("keys", () => {
  test("each of several keys is taken, so that they can be rotated without a gap", async () => {
    const { t } = newBackend({ keys: " old-key ,new-key,," });
    const health = async (key: string) =>
      (await t.fetch("/health", { headers: { Authorization: `Bearer ${key}` } })).status;
    expect(await health("old-key")).toBe(200);
    expect(await health("new-key")).toBe(200);
    for (const wrong of ["old-ke", "old-key,new-key", "old-keyy", ",", ""]) {
      expect(await health(wrong)).toBe(401);
    }
  });

  test.each(["", " , ,", undefined])(
    "no usable key (%j) is 503, also for an empty one",
    async (keys) => {
      const { t, send } = newBackend();
      vi.stubEnv("CONVEX_API_KEY", keys);
      for (const Authorization of ["Bearer ", "Bearer undefined", "", "Bearer ,"]) {
        const response = await send("{}", { Authorization });
        expect(response.status).toBe(503);
        expect(await response.json()).toMatchObject({ error: { code: "not_configured" } });
      }
      expect((await t.fetch("/health")).status).toBe(503);
    },
  );

  test("health answers ours in JSON with and without a key", async () => {
    const { t } = newBackend({ keys: "k" });
    const good = await t.fetch("/health", { headers: { Authorization: "bearer k" } });
    expect([good.status, await good.json()]).toEqual([200, { ok: true }]);
    const bad = await t.fetch("/health");
    expect(bad.headers.get("WWW-Authenticate")).toBe("Bearer");
    expect(await bad.json()).toMatchObject({ ok: false, error: { code: "unauthorized" } });
  });
});

describe("methods", () => {
  test.each(["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "%s is answered in JSON",
    async (method) => {
      const { t } = newBackend();
      const response = await t.fetch("/updateTranscriptionJob", { method });
      expect(response.status).toBe(405);
      expect(response.headers.get("Allow")).toBe("POST");
      expect(await response.json()).toMatchObject({ error: { code: "method_not_allowed" } });
    },
  );
});

describe("the database", () => {
  test("an update before its row is 404 with Retry-After, and succeeds once the row is there", async () => {
    const backend = newBackend();
    const update = { jobId: "early", status: "processing", sequence: 1 };
    const early = await backend.send(JSON.stringify(update));
    expect([early.status, early.headers.get("Retry-After")]).toEqual([404, "5"]);
    await backend.newJob("early");
    expect(await backend.post(update)).toMatchObject({ status: 200, body: { outcome: "applied" } });
  });

  test("more than one transaction may take is 413 in our JSON, and nothing was changed", async () => {
    const full = newBackend({ limits: { documentsWritten: 1 } });
    await expect(full.newJob("job")).rejects.toThrow("Wrote too many documents");

    const tight = newBackend({ limits: { documentsWritten: 3 } });
    await tight.newJob("job");
    const before = await tight.dump();
    const items = segments(0, 500);
    const response = await tight.send(
      JSON.stringify({ jobId: "job", status: "processing", segments: { offset: 0, items } }),
    );
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      ok: false,
      error: { code: "payload_too_large" },
    });
    expect(await tight.dump()).toEqual(before);
  });

  test("one update is one mutation and touches the database in no other way", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const runMutation = vi.fn(async (_reference: unknown, update: Update) => {
      return await backend.t.mutation(internal.transcriptionJobs.updateFromAPI, update);
    });
    const update = {
      jobId: "job",
      status: "completed",
      segments: { offset: 0, items: segments(0, 120) },
      result: { text: "long ".repeat(10_000), segments: segments(0, 9_000) },
    };
    const response = await handlerOf("/updateTranscriptionJob", "POST")(
      // Whatever else the handler asks its context for is not there.
      { runMutation },
      requestTo("/updateTranscriptionJob", update),
    );
    expect(await response.json()).toMatchObject({ ok: true, outcome: "applied" });
    expect(runMutation).toHaveBeenCalledTimes(1);
    const [, received] = runMutation.mock.calls[0] ?? [];
    expect(longestArray(received)).toBeLessThanOrEqual(8_192);
  });

  test("Promise 2: the same posts at once, in several rounds, end as one after the other", async () => {
    const updates = [1, 2, 3, 4, 5].map((sequence) => ({
      jobId: "job",
      status: "processing",
      sequence,
      progress: sequence * 10,
      segments: { offset: sequence - 1, items: segments(sequence - 1, 1) },
    }));
    const backend = newBackend();
    await backend.newJob("job");
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        [...updates, ...updates.toReversed()].map((update) => backend.post(update)),
      );
    }
    expect(await backend.row("job")).toMatchObject({ sequence: 5, progress: 50, segmentCount: 5 });
    expect((await backend.transcript("job")).texts).toEqual(segments(0, 5).map(({ text }) => text));
  });

  test("two identical posts at once: one is applied, one is a duplicate", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const update = { jobId: "job", status: "completed", sequence: 1, result: { text: "done" } };
    const answers = await Promise.all([backend.post(update), backend.post(update)]);
    expect(answers.map(({ body }) => body.outcome).sort()).toEqual(["applied", "duplicate"]);
  });

  test("Promise 4: a cancel between two updates stops the worker", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    await backend.post({ jobId: "job", status: "processing", sequence: 1, progress: 30 });
    await backend.alice.mutation(api.transcriptionJobs.cancel, { jobId: "job" });
    const before = await backend.dump();
    const late = await backend.post({ jobId: "job", status: "completed", sequence: 2 });
    expect(late.body).toMatchObject({ outcome: "ignored", status: "cancelled", progress: 30 });
    expect(await backend.dump()).toEqual(before);
  });
});

describe("log lines", () => {
  test("are one JSON object each, without key or transcript", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    const backend = newBackend();
    await backend.newJob("job");
    const secret = "words that were spoken";
    await backend.post({
      jobId: "job",
      status: "completed",
      message: secret,
      result: { text: secret, segments: [{ start: 0, end: 1, text: secret }] },
    });
    await backend.send("{", { Authorization: "Bearer wrong-key" });
    await backend.send(`{"${secret}":1}`);
    await backend.post({ jobId: "none", status: "pending" });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        event: "transcription_update",
        jobId: "job",
        status: "completed",
        outcome: "applied",
        httpStatus: 200,
        ms: expect.any(Number) as number,
      },
      expect.objectContaining({ outcome: "unauthorized", httpStatus: 401 }),
      expect.objectContaining({ outcome: "invalid_payload", httpStatus: 400 }),
      expect.objectContaining({ jobId: "none", outcome: "job_not_found", httpStatus: 404 }),
    ]);
    expect(lines.join("\n")).not.toMatch(/test-key|wrong-key|spoken/);
  });
});

function longestArray(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? value.length : 0;
  return Math.max(own, ...Object.values(value).map(longestArray));
}
