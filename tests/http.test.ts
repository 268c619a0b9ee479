import { describe, expect, test, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import http from "../convex/http";
import type { Update } from "../convex/transcription/model/validators";
import { KEY, newBackend, segments } from "./support/backend";

const MAX_BODY_BYTES = 4 * 1024 * 1024;

function stream(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);

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

describe("bodies", () => {
  const update = JSON.stringify({ jobId: "job", status: "processing" });

  test("come in chunks, without Content-Length or with a wrong one", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const chunks = () => [bytes(update.slice(0, 9)), bytes(update.slice(9))];
    expect((await backend.send(stream(chunks()))).status).toBe(200);
    for (const length of ["3", "0", "-1", "many", ""]) {
      const response = await backend.send(stream(chunks()), { "Content-Length": length });
      expect(response.status).toBe(200);
    }
    const claimed = await backend.send(stream(chunks()), { "Content-Length": "99999999" });
    expect(claimed.status).toBe(413);
  });

  test("that are too large are not read to their end", async () => {
    const { send } = newBackend();
    let read = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        read++;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const response = await send(endless, { "Content-Length": "10" });
    expect(await response.json()).toMatchObject({ error: { code: "payload_too_large" } });
    expect(read).toBeLessThan(8);
  });

  test("of no content at all are invalid_json", async () => {
    const { send } = newBackend();
    for (const body of [null, "", stream([])]) {
      const response = await send(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: "invalid_json" } });
    }
  });

  test("may be 4 MiB and not a byte more", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const padded = update + " ".repeat(MAX_BODY_BYTES - update.length);
    expect((await backend.send(padded)).status).toBe(200);
    expect((await backend.send(`${padded} `)).status).toBe(413);
  });

  test.each([
    ["objects and arrays", `{"x":[${"[],".repeat(300_000)}[]]}`],
    ["keys in one object", `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":0`).join(",")}}`],
    ["objects and arrays", "[".repeat(1_000_000)],
  ])("with too many %s are refused before they fill the memory", async (what, body) => {
    const response = await newBackend().send(body);
    expect(response.status).toBe(413);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toContain(what);
  });

  test("brackets, quotes and colons in strings are not counted", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const text = '[{:"\\'.repeat(100_000);
    const { status } = await backend.post({ jobId: "job", status: "completed", result: { text } });
    expect(status).toBe(200);
    expect((await backend.transcript("job")).text).toBe(text);
  });

  test("that are wrong everywhere get a bounded answer", async () => {
    const { send } = newBackend();
    const wrong = [
      `{"jobId":"job","status":"completed","result":{"segments":[${"0,".repeat(1_000_000)}0]}}`,
      `{"jobId":"job","status":"completed","result":{"segments":[{"start":0,"end":1,"text":"","words":[${"0,".repeat(1_999)}0]}]}}`,
      `{"jobId":"job","status":"pending",${Array.from({ length: 9_000 }, (_, i) => `"k${i}":0`).join(",")}}`,
    ];
    for (const body of wrong) {
      const response = await send(body);
      const answer = await response.text();
      expect(response.status).toBe(400);
      expect(answer.length).toBeLessThan(10_000);
    }
  });

  test("that break off are 503, as nothing is known of their rest", async () => {
    vi.spyOn(console, "log").mockReturnValue();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error("connection reset"));
      },
    });
    const response = await newBackend().send(body);
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(await response.json()).toMatchObject({ error: { code: "unavailable" } });
  });

  test.each([
    ["throws, as the standard says", TextDecoder],
    [
      "gives undefined, as Convex's does",
      class extends TextDecoder {
        override decode(...args: Parameters<TextDecoder["decode"]>): string {
          try {
            return super.decode(...args);
          } catch {
            return undefined as unknown as string;
          }
        }
      },
    ],
  ])("that are not UTF-8 are told so by a decoder that %s", async (_, decoder) => {
    vi.stubGlobal("TextDecoder", decoder);
    const backend = newBackend();
    await backend.newJob("job");
    for (const text of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80]]) {
      const body = new Uint8Array([...bytes('{"jobId":"job","message":"'), ...text, 0x22, 0x7d]);
      const response = await backend.send(body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: {
          code: "invalid_json",
          message: expect.stringContaining("not valid UTF-8") as string,
        },
      });
    }
    expect((await backend.send(bytes(`\ufeff${update}`))).status).toBe(200);
    expect((await backend.send(bytes(""))).status).toBe(400);
  });

  test("never show what they hold in an answer about their form", async () => {
    const response = await newBackend().send('{"message":"my secret words", oops}');
    expect(await response.text()).not.toContain("secret");
  });
});

describe("what the mutation throws", () => {
  const update = { jobId: "job", status: "processing" };
  const send = async (path: string, body: object, thrown: unknown) => {
    const lines = vi.spyOn(console, "log").mockReturnValue();
    newBackend();
    const request = new Request(`https://deployment.example${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${KEY}` },
      body: JSON.stringify(body),
    });
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
      new Request("https://deployment.example/updateTranscriptionJobs", {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${KEY}` },
        body: JSON.stringify({ updates }),
      }),
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
      new Request("https://deployment.example/updateTranscriptionJobs", {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${KEY}` },
        body: JSON.stringify({ updates: [{}, null, 1] }),
      }),
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
      new Request("https://deployment.example/updateTranscriptionJob", {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${KEY}` },
        body: JSON.stringify(update),
      }),
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

type Handler = (ctx: object, request: Request) => Promise<Response>;

function handlerOf(path: string, method: "POST"): Handler {
  const [action] = http.lookup(path, method) ?? [];
  return (action as unknown as { _handler: Handler })._handler;
}

function longestArray(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? value.length : 0;
  return Math.max(own, ...Object.values(value).map(longestArray));
}
