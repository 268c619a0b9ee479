import { describe, expect, test, vi } from "vitest";
import { internal } from "../convex/_generated/api";
import { newBackend, segments } from "./support/backend";
import { handlerOf, requestTo } from "./support/handler";

describe("batches", () => {
  test("update many jobs by one mutation", async () => {
    const backend = newBackend();
    for (const jobId of ["a", "b", "c"]) await backend.newJob(jobId);
    const runMutation = vi.fn(async (_reference: unknown, args: { op: "applyUpdates" }) => {
      return await backend.t.mutation(internal.transcriptionJobs.run, args);
    });
    const updates = ["a", "b", "c"].map((jobId, index) => ({
      jobId,
      status: "processing",
      progress: index * 10,
    }));
    const response = await handlerOf("/updateTranscriptionJobs", "POST")(
      { runMutation },
      requestTo("/updateTranscriptionJobs", { updates }),
    );
    const { results } = (await response.json()) as { results: object[] };
    expect(results).toMatchObject(updates.map((update) => ({ ok: true, ...update })));
    expect(runMutation).toHaveBeenCalledTimes(1);
    for (const update of updates) expect(await backend.row(update.jobId)).toMatchObject(update);
  });

  test("of nothing valid ask for no mutation", async () => {
    newBackend();
    const response = await handlerOf("/updateTranscriptionJobs", "POST")(
      {},
      requestTo("/updateTranscriptionJobs", { updates: [{}, null, 1] }),
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      ok: true,
      results: [1, 2, 3].map(() => ({ ok: false, error: { code: "invalid_payload" } })),
    });
  });

  test("of many ends that replace long live transcripts fit into one transaction", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const backend = newBackend();
    const jobIds = Array.from({ length: 12 }, (_, index) => `job-${index}`);
    const items = segments(0, 30, "x".repeat(40_000));
    for (const jobId of jobIds) {
      await backend.newJob(jobId);
      await backend.post({ jobId, status: "processing", segments: { offset: 0, items } });
    }
    const result = { segments: segments(0, 2) };
    const { status, body } = await backend.postAll(
      jobIds.map((jobId) => ({ jobId, status: "completed", result })),
    );
    expect([status, body.results?.map(({ outcome }) => outcome)]).toEqual([
      200,
      jobIds.map(() => "applied"),
    ]);
    await backend.t.finishAllScheduledFunctions(vi.runAllTimers);
    expect((await backend.dump()).transcriptionPages).toHaveLength(jobIds.length);
  });

  test("that are more than a transaction may take change nothing at all", async () => {
    const limits: Record<string, number> = {};
    const backend = newBackend({ limits });
    for (const jobId of ["a", "b"]) await backend.newJob(jobId);
    const before = await backend.dump();
    limits["documentsWritten"] = 1;
    const updates = ["a", "b"].map((jobId) => ({ jobId, status: "processing" }));
    const { status, body } = await backend.postAll(updates);
    expect([status, body.error?.code]).toEqual([413, "payload_too_large"]);
    expect(await backend.dump()).toEqual(before);
    expect((await backend.postAll(updates.slice(0, 1))).body.results).toMatchObject([{ ok: true }]);
  });
});

describe("what the mutation throws", () => {
  const update = { jobId: "job", status: "processing" };
  const send = async (path: string, body: object, thrown: unknown) => {
    const lines = vi.spyOn(console, "log").mockReturnValue();
    newBackend();
    const request = requestTo(path, body);
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- anything can be thrown
    const runMutation = () => Promise.reject(thrown);
    const response = await handlerOf(path, "POST")({ runMutation }, request);
    const line: unknown = lines.mock.calls.at(-1)?.[0];
    return { response, line: JSON.parse(String(line)) as Record<string, unknown> };
  };

  test.each([
    ["Function execution timed out (maximum duration: 1s)", 413, "payload_too_large", null],
    ["Too many concurrent commits in a short period of time.", 503, "unavailable", "1"],
    ["Uncaught TypeError: x is not a function\n    at handler", 500, "internal_error", null],
  ])("%s: %s", async (text, status, code, retryAfter) => {
    for (const [path, body] of [
      ["/updateTranscriptionJob", update],
      ["/updateTranscriptionJobs", { updates: [update, update] }],
    ] as const) {
      const { response, line } = await send(path, body, new Error(text));
      expect([response.status, response.headers.get("Retry-After")]).toEqual([status, retryAfter]);
      const answer = (await response.json()) as { ok: boolean; error: { code: string } };
      expect(answer).toMatchObject({ ok: false, error: { code } });
      expect(JSON.stringify(answer)).not.toContain("handler");
      expect(line).toMatchObject({ outcome: code, httpStatus: status, error: text.split("\n")[0] });
    }
  });

  test("is logged with a bounded text", async () => {
    const { line } = await send("/updateTranscriptionJob", update, new Error("x".repeat(10_000)));
    expect(String(line["error"]).length).toBe(500);
  });
});
