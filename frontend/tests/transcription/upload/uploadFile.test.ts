import { beforeEach, describe, expect, test, vi } from "vitest";
import type { TranscriptionOptions, UploadProgress } from "../../../src/transcription/types";
import type { FileUpload } from "../../../src/transcription/upload/uploadFile";
import { WorkerApi } from "../../../src/transcription/upload/workerApi";
import { isWaiting, TestClock } from "../../support/clock";
import { quietRequests } from "./support/quiet";
import { json, nobody, refuse, serve, type TestServer } from "./support/server";

const MIB = 1024 * 1024;
const MINUTES = 60_000;

beforeEach(quietRequests);

function upload(
  baseUrl: string,
  more: Partial<FileUpload> = {},
  clock = new TestClock(),
): Promise<void> {
  const file = new File(["sound"], "talk.mp3", { type: "audio/mpeg" });
  return new WorkerApi({ baseUrl, clock }).upload({ jobId: "job-1", ticket: "1.t", file, ...more });
}

async function taking(): Promise<TestServer> {
  return await serve((response) => {
    json(response, 202, { job_id: "job-1", status: "pending" });
  });
}

/** The form's fields in their order, of a body of plain text. */
function fields(body: string): [string, string][] {
  const parts = body.matchAll(
    /form-data; name="([^"]*)"[^\r]*\r\n(?:[^\r]+\r\n)*\r\n(.*?)\r\n--/gs,
  );
  return [...parts].map(([, name = "", value = ""]) => [name, value]);
}

/** The request that is made next. */
function nextRequest(): Promise<XMLHttpRequest> {
  return new Promise((resolve) => {
    class Seen extends XMLHttpRequest {
      constructor() {
        super();
        vi.unstubAllGlobals();
        resolve(this);
      }
    }
    vi.stubGlobal("XMLHttpRequest", Seen);
  });
}

function moveTo(request: XMLHttpRequest, loaded: number): void {
  const event = new ProgressEvent("progress", { loaded, total: 1300, lengthComputable: true });
  request.upload.dispatchEvent(event);
}

describe("an upload", () => {
  test("has the id first, the options, and the file last", async () => {
    const server = await taking();
    const options: TranscriptionOptions = {
      jobId: "job-1",
      language: "en",
      model: "m",
      temperature: 0,
      initialPrompt: "Ñandú, Čapek",
      returnTimestamps: false,
    };
    await upload(`${server.url}/api/`, { options });
    const [request] = server.received;
    expect(request).toMatchObject({ method: "POST", path: "/api/transcribe-job" });
    expect(request?.headers.authorization).toBe("Bearer 1.t");
    expect(fields(request?.body ?? "")).toEqual([
      ["job_id", "job-1"],
      ["language", "en"],
      ["model", "m"],
      ["temperature", "0"],
      ["initial_prompt", "Ñandú, Čapek"],
      ["return_timestamps", "false"],
      ["file", "sound"],
    ]);
    expect(request?.body).toContain('filename="talk.mp3"');
  });

  test("leaves out what was not asked for, and cuts the file's name", async () => {
    const server = await taking();
    await upload(server.url, { file: new File(["sound"], `${"n".repeat(300)}.mp3`) });
    const body = server.received[0]?.body ?? "";
    expect(fields(body).map(([name]) => name)).toEqual(["job_id", "file"]);
    expect(body).toContain(`filename="${"n".repeat(255)}"`);
  });

  test("tells how much of the file has been sent, to the end", async () => {
    const server = await serve((response) =>
      setTimeout(() => {
        json(response, 202, { job_id: "job-1", status: "pending" });
      }, 50),
    );
    const seen: UploadProgress[] = [];
    const file = new File([new Uint8Array(1000)], "talk.wav");
    const request = nextRequest();
    const promise = upload(server.url, { file, onProgress: (progress) => seen.push(progress) });
    await expect.poll(() => server.received.length).toBe(1);
    // jsdom itself tells of the end only. The form adds to the file's bytes.
    for (const loaded of [400, 1200]) moveTo(await request, loaded);
    await promise;
    expect(seen[0]).toEqual({ loaded: 400, total: 1000 });
    expect(seen[1]).toEqual({ loaded: 1000, total: 1000 });
    expect(seen.at(-1)).toEqual({ loaded: 1000, total: 1000 });
  });

  test("that the worker has taken before is taken", async () => {
    const server = await serve((response) => {
      refuse(response, 409, "already_uploaded", "Uploaded already.");
    });
    await expect(upload(server.url)).resolves.toBeUndefined();
  });

  test.each([
    [401, "unauthorized", "Send the job's ticket."],
    [409, "other", "Another conflict."],
    [413, "payload_too_large", "The file is larger than 1000 MB."],
    [415, "unsupported_audio", "Not an audio file."],
    [422, "broken_audio", "The file is broken."],
    [507, "disk_full", "The worker's disk is full."],
  ])("is refused with the worker's own words, %i", async (status, code, message) => {
    const server = await serve((response) => {
      refuse(response, status, code, message);
    });
    await expect(upload(server.url)).rejects.toMatchObject({ status, code, message });
  });

  test.each([
    [200, "<html>Log in to the hotel's network</html>"],
    [202, "{}"],
    [202, '{"job_id":"job-2","status":"pending"}'],
    [413, "<html>nginx: 413 Request Entity Too Large</html>"],
    [504, ""],
  ])("is not taken by what is not the worker, %i %j", async (status, body) => {
    const server = await serve((response) => response.writeHead(status).end(body));
    await expect(upload(server.url)).rejects.toMatchObject({ code: "unexpected_answer", status });
  });

  test("says that nobody is there, also where the connection is cut in the middle", async () => {
    const cut = await serve((_response, _request, raw) => raw.socket.destroy(), { early: true });
    const file = new File([new Uint8Array(8 * MIB)], "talk.wav");
    for (const url of [await nobody(), cut.url, "http://[not-an-address"]) {
      await expect(upload(url, { file })).rejects.toMatchObject({ code: "api_unreachable" });
    }
  });

  test("says that the file cannot be read any more", async () => {
    class FailingReader {
      onerror: () => void = () => undefined;
      readAsArrayBuffer(): void {
        queueMicrotask(() => {
          this.onerror();
        });
      }
    }
    vi.stubGlobal("FileReader", FailingReader);
    const promise = upload(await nobody());
    await expect(promise).rejects.toMatchObject({ code: "file_unreadable" });
    vi.unstubAllGlobals();
  });
});

describe("an upload that is stopped", () => {
  test("before it begins sends nothing", async () => {
    const server = await taking();
    const promise = upload(server.url, { signal: AbortSignal.abort() });
    await expect(promise).rejects.toMatchObject({ code: "aborted" });
    expect(server.received).toEqual([]);
  });

  test("in the middle cuts the connection, and leaves no timer", async () => {
    const clock = new TestClock();
    let closed = false;
    const server = await serve(
      (_response, _request, raw) => {
        raw.on("close", () => (closed = true));
      },
      { early: true },
    );
    const controller = new AbortController();
    const promise = upload(server.url, { signal: controller.signal }, clock);
    await expect.poll(() => server.received.length).toBe(1);
    controller.abort();
    await expect(promise).rejects.toMatchObject({ code: "aborted" });
    await expect.poll(() => closed).toBe(true);
    expect(clock.timers).toBe(0);
  });

  test("after its end is as good as taken", async () => {
    const controller = new AbortController();
    const clock = new TestClock();
    await upload((await taking()).url, { signal: controller.signal }, clock);
    controller.abort();
    expect(clock.timers).toBe(0);
  });
});

describe("an upload that does not move", () => {
  test("is given up after two minutes without an answer", async () => {
    const clock = new TestClock();
    const server = await serve(() => undefined);
    const promise = upload(server.url, {}, clock).catch((error: unknown) => error);
    await expect.poll(() => server.received.length).toBe(1);
    // Every byte is there; this is the answer's time.
    await clock.pass(2 * MINUTES - 1);
    expect(await isWaiting(promise)).toBe(true);
    await clock.pass(1);
    expect(await promise).toMatchObject({ code: "upload_stalled" });
    expect(clock.timers).toBe(0);
  });

  test("has all its time again after each piece that is sent", async () => {
    const clock = new TestClock();
    const server = await serve(() => undefined, { early: true });
    const request = nextRequest();
    const promise = upload(server.url, {}, clock).catch((error: unknown) => error);
    await expect.poll(() => server.received.length).toBe(1);
    for (let piece = 1; piece <= 3; piece++) {
      await clock.pass(1.5 * MINUTES);
      moveTo(await request, piece);
    }
    await clock.pass(2 * MINUTES - 1);
    expect(await isWaiting(promise)).toBe(true);
    await clock.pass(1);
    expect(await promise).toMatchObject({ code: "upload_stalled" });
  });

  test("has all its time again after each piece of the answer", async () => {
    const clock = new TestClock();
    let send: () => void = () => undefined;
    const server = await serve((response) => {
      response.writeHead(202);
      send = () => response.write(" ");
    });
    const cleared = vi.spyOn(clock, "clearTimeout");
    const promise = upload(server.url, {}, clock).catch((error: unknown) => error);
    await expect.poll(() => server.received.length).toBe(1);
    for (let piece = 0; piece < 3; piece++) {
      await clock.pass(1.5 * MINUTES);
      const before = cleared.mock.calls.length;
      send();
      await expect.poll(() => cleared.mock.calls.length).toBeGreaterThan(before);
    }
    expect(await isWaiting(promise)).toBe(true);
    await clock.pass(2 * MINUTES);
    expect(await promise).toMatchObject({ code: "upload_stalled" });
  });
});
