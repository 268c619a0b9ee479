import { describe, expect, test, vi } from "vitest";
import type { TranscriptionError } from "../../../src/transcription/errors";
import { WorkerApi } from "../../../src/transcription/upload/workerApi";
import { isWaiting, TestClock } from "../../support/clock";
import { json, nobody, refuse, serve } from "./support/server";

const JOB = {
  jobId: "job-1",
  status: "processing",
  progress: 12.5,
  attempt: 1,
  updatedAt: 1_760_000_001_000,
  createdAt: 1_760_000_000_000,
  segmentCount: 0,
};

async function failure(promise: Promise<unknown>): Promise<TranscriptionError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: "TranscriptionError" });
  return error as TranscriptionError;
}

describe("what is known of a job", () => {
  test("is asked for with the ticket, past every cache", async () => {
    const server = await serve((response) => {
      json(response, 200, { ...JOB, more: 1 });
    });
    const asked = vi.fn((input: RequestInfo | URL, init?: RequestInit) => fetch(input, init));
    const api = new WorkerApi({ baseUrl: server.url, fetch: asked });
    expect(await api.getJob("job-1", "123.abc")).toEqual(JOB);
    expect(server.received).toMatchObject([
      { method: "GET", path: "/job/job-1", headers: { authorization: "Bearer 123.abc" } },
    ]);
    expect(asked.mock.calls[0]?.[1]?.cache).toBe("no-store");
  });

  test.each(["", "/", "//"])("is found with an address that ends with %j", async (end) => {
    const server = await serve((response) => {
      json(response, 200, JOB);
    });
    for (const path of ["", "/worker/v1"]) {
      await new WorkerApi({ baseUrl: server.url + path + end }).getJob("job-1", "t");
    }
    expect(server.received.map(({ path }) => path)).toEqual(["/job/job-1", "/worker/v1/job/job-1"]);
  });

  test("an id cannot lead to another path", async () => {
    const server = await serve((response) => {
      refuse(response, 404, "job_not_found", "No.");
    });
    await failure(new WorkerApi({ baseUrl: server.url }).getJob("a/b?c#d", "t"));
    expect(server.received[0]?.path).toBe("/job/a%2Fb%3Fc%23d");
  });

  test.each([
    [401, "unauthorized", "Send the job's ticket."],
    [404, "job_not_found", "This worker knows of no such job."],
    [500, "internal_error", "The worker made a mistake."],
  ])("the worker's own refusal, %i, is passed on", async (status, code, message) => {
    const server = await serve((response) => {
      refuse(response, status, code, message);
    });
    const error = await failure(new WorkerApi({ baseUrl: server.url }).getJob("job-1", "t"));
    expect(error).toMatchObject({ status, code, message });
  });

  test.each([
    [200, "<!doctype html><p>Welcome to our hotel"],
    [200, ""],
    [200, '{"jobId":"job-1","sta'],
    [200, "null"],
    [200, JSON.stringify({ ...JOB, jobId: "job-2" })],
    [200, JSON.stringify({ ...JOB, status: "odd" })],
    [204, ""],
    [304, ""],
    [404, '{"detail":"Not Found"}'],
    [413, "<html>413 Request Entity Too Large</html>"],
    [502, ""],
    [500, '{"error":{"code":5,"message":"x"}}'],
    [500, '{"error":"x"}'],
    [500, "[]"],
  ])("what is not the worker, %i %j, is said to be none", async (status, body) => {
    const server = await serve((response) => {
      response.writeHead(status).end(body);
    });
    const error = await failure(new WorkerApi({ baseUrl: server.url }).getJob("job-1", "t"));
    expect(error).toMatchObject({ code: "unexpected_answer", status });
    expect(error.message).toContain(String(status));
  });

  test("nobody there, and a connection that is cut, are told so", async () => {
    const cut = await serve((_response, _request, raw) => raw.socket.destroy());
    const half = await serve((response, _request, raw) => {
      response.writeHead(200, { "Content-Length": "100" }).write("{");
      setTimeout(() => raw.socket.destroy(), 20);
    });
    for (const baseUrl of [await nobody(), cut.url, half.url, "http://[not-an-address"]) {
      const error = await failure(new WorkerApi({ baseUrl }).getJob("job-1", "t"));
      expect(error).toMatchObject({ code: "api_unreachable", status: undefined });
    }
  });

  test.each([
    [undefined, 8_000],
    [500, 500],
  ])("a slow answer is given up, timeoutMs %j", async (timeoutMs, after) => {
    const clock = new TestClock();
    // Headers and a beginning, then nothing.
    const server = await serve((response) => response.writeHead(200).write("{"));
    const options = { baseUrl: server.url, clock, ...(timeoutMs !== undefined && { timeoutMs }) };
    const asked = failure(new WorkerApi(options).getJob("job-1", "t"));
    await expect.poll(() => server.received.length).toBe(1);
    await clock.pass(after - 1);
    expect(await isWaiting(asked)).toBe(true);
    await clock.pass(1);
    expect(await asked).toMatchObject({ code: "api_unreachable" });
    expect(clock.timers).toBe(0);
  });

  test("leaves no timer behind", async () => {
    const clock = new TestClock();
    const server = await serve((response) => {
      json(response, 200, JOB);
    });
    await new WorkerApi({ baseUrl: server.url, clock }).getJob("job-1", "t");
    expect(clock.timers).toBe(0);
  });
});

describe("what the worker takes", () => {
  test("is told", async () => {
    const health = { formats: ["mp3", "flac"], maxUploadBytes: 1024 };
    const server = await serve((response) => {
      json(response, 200, { ok: true, engine: "x", ...health });
    });
    expect(await new WorkerApi({ baseUrl: server.url }).health()).toEqual(health);
    expect(server.received[0]?.path).toBe("/health");
    expect(server.received[0]?.headers.authorization).toBeUndefined();
  });

  test.each([
    { ok: true },
    { formats: "mp3", maxUploadBytes: 1 },
    { formats: [1], maxUploadBytes: 1 },
    { formats: [], maxUploadBytes: "1" },
    [],
  ])("is not told by %j", async (body) => {
    const server = await serve((response) => {
      json(response, 200, body);
    });
    const error = await failure(new WorkerApi({ baseUrl: server.url }).health());
    expect(error.code).toBe("unexpected_answer");
  });
});
