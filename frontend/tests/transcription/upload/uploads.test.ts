import { ConvexError } from "convex/values";
import { beforeEach, describe, expect, test } from "vitest";
import { settle } from "../../support/clock";
import { MemoryLocks } from "./support/locks";
import { quietRequests } from "./support/quiet";
import { json, nobody, refuse, serve } from "./support/server";
import { FILE, slowWorker } from "./support/slowWorker";
import { openPage, TICKET } from "./support/uploads";

beforeEach(() => {
  localStorage.clear();
  quietRequests();
});

describe("an upload", () => {
  test("makes the row first, then sends, then is forgotten", async () => {
    const worker = await slowWorker();
    const { uploads, ledger, asked, commands } = openPage(worker.url);
    let entry: boolean | undefined;
    commands.create.mockImplementationOnce(({ jobId }) => {
      entry = ledger.has(jobId) && localStorage.length === 1;
      expect(worker.received).toEqual([]);
      expect(uploads.active).toBe(false);
      return Promise.resolve({ jobId, ticket: TICKET });
    });
    const jobId = await uploads.start(FILE, { language: "en" });
    expect(entry).toBe(true);
    expect(commands.create.mock.calls).toEqual([[{ jobId, fileName: "talk.mp3", fileSize: 5 }]]);
    expect(uploads.snapshot()).toEqual(new Map([[jobId, { loaded: 0, total: 5 }]]));
    expect([uploads.active, uploads.isUploading(jobId)]).toEqual([true, true]);
    await worker.finish(jobId);
    await expect.poll(() => uploads.isUploading(jobId)).toBe(false);
    expect([uploads.active, uploads.snapshot().size, localStorage.length]).toEqual([false, 0, 0]);
    expect(worker.received[0]?.headers.authorization).toBe(`Bearer ${TICKET}`);
    expect(worker.received[0]?.body).toContain('name="language"');
    // The ticket of `create` is enough.
    expect(asked).not.toHaveBeenCalled();
    expect(commands.uploadFailed).not.toHaveBeenCalled();
  });

  test("has the id that was asked for, and is the same when it is started twice", async () => {
    const worker = await slowWorker();
    const { uploads, commands } = openPage(worker.url);
    const both = [uploads.start(FILE, { jobId: "mine" }), uploads.start(FILE, { jobId: "mine" })];
    expect(await Promise.all(both)).toEqual(["mine", "mine"]);
    await worker.finish("mine");
    await expect.poll(() => uploads.isUploading("mine")).toBe(false);
    expect([commands.create.mock.calls.length, worker.received.length]).toEqual([1, 1]);
    await uploads.start(FILE, { jobId: "mine" });
    expect(commands.create).toHaveBeenCalledTimes(2);
  });

  test("has a file name that Convex takes, or none", async () => {
    const worker = await slowWorker();
    const { uploads, commands } = openPage(worker.url);
    for (const name of [`${"n".repeat(254)}😀.mp3`, "a\0\ud800.mp3", ""]) {
      await uploads.start(new File(["s"], name));
    }
    const names = commands.create.mock.calls.map(([job]) => job.fileName);
    // A `File` itself has well-formed names only.
    expect(names).toEqual(["n".repeat(254), "a\ufffd\ufffd.mp3", undefined]);
    expect(Object.keys(commands.create.mock.lastCall?.[0] ?? {})).not.toContain("fileName");
  });

  test("whose row cannot be made leaves nothing behind", async () => {
    const worker = await slowWorker();
    const { uploads, commands } = openPage(worker.url);
    commands.create.mockRejectedValueOnce(
      new ConvexError({ code: "job_id_taken", message: "This jobId is in use." }),
    );
    await expect(uploads.start(FILE, { jobId: "taken" })).rejects.toMatchObject({
      name: "TranscriptionError",
      code: "job_id_taken",
    });
    expect(uploads.snapshot().size).toBe(0);
    await expect.poll(() => uploads.isUploading("taken")).toBe(false);
    expect([localStorage.length, worker.received.length]).toEqual([0, 0]);
    expect(commands.uploadFailed).not.toHaveBeenCalled();
  });

  test("goes on when nobody looks any more", async () => {
    const worker = await slowWorker();
    const { uploads } = openPage(worker.url);
    uploads.dispose();
    const jobId = await uploads.start(FILE);
    uploads.dispose();
    await worker.finish(jobId);
    await expect.poll(() => uploads.isUploading(jobId)).toBe(false);
  });
});

describe("an upload that fails", () => {
  test("fails its job, with the worker's reason", async () => {
    const server = await serve((response) => {
      refuse(response, 415, "unsupported_audio", "This is not an audio file.");
    });
    const { uploads, commands } = openPage(server.url);
    const jobId = await uploads.start(FILE);
    await expect.poll(() => uploads.isUploading(jobId)).toBe(false);
    expect(commands.uploadFailed.mock.calls).toEqual([[jobId, "This is not an audio file."]]);
    expect([uploads.active, localStorage.length]).toEqual([false, 0]);
  });

  test.each([
    ["in other words", (): string => "No es audio.", "No es audio."],
    ["empty", (): string => " ", "This is not an audio file."],
    ["far too long", (): string => "\0".repeat(5_000), "\ufffd".repeat(4_000)],
    [
      "that is none",
      (): string => {
        throw new Error("no");
      },
      "This is not an audio file.",
    ],
  ])("can have a reason %s", async (_title, describe, reason) => {
    const server = await serve((response) => {
      refuse(response, 415, "unsupported_audio", "This is not an audio file.");
    });
    const { uploads, commands } = openPage(server.url, { describe });
    await uploads.start(FILE, { jobId: "mine" });
    await expect.poll(() => uploads.isUploading("mine")).toBe(false);
    expect(commands.uploadFailed.mock.calls).toEqual([["mine", reason]]);
  });

  test("has a reason also where the worker gives an empty one", async () => {
    const server = await serve((response) => {
      refuse(response, 415, "unsupported_audio", "");
    });
    const { uploads, commands } = openPage(server.url);
    await uploads.start(FILE, { jobId: "mine" });
    await expect
      .poll(() => commands.uploadFailed.mock.calls)
      .toEqual([["mine", "unsupported_audio"]]);
  });

  test("for want of a ticket is told so, and nothing is sent", async () => {
    const worker = await slowWorker();
    const { uploads, commands, asked } = openPage(worker.url, { describe: ({ code }) => code });
    commands.create.mockResolvedValueOnce({ jobId: "mine", ticket: null });
    await uploads.start(FILE, { jobId: "mine" });
    await expect.poll(() => commands.uploadFailed.mock.calls).toEqual([["mine", "not_configured"]]);
    expect([worker.received.length, asked.mock.calls.length]).toEqual([0, 0]);
  });

  test("and cannot be reported is reported by the next page", async () => {
    const locks = new MemoryLocks();
    const { uploads, commands: first } = openPage(await nobody(), { locks });
    first.uploadFailed.mockRejectedValue(new Error("Convex is away"));
    const jobId = await uploads.start(FILE);
    await expect.poll(() => first.uploadFailed.mock.calls.length).toBe(1);
    await settle();
    expect([uploads.active, uploads.isUploading(jobId)]).toEqual([false, true]);
    const next = openPage(await nobody(), { locks, describe: ({ code }) => code });
    await next.uploads.reportCutOff();
    expect(next.commands.uploadFailed.mock.calls).toEqual([[jobId, "upload_cut_off"]]);
    expect(uploads.isUploading(jobId)).toBe(false);
  });

  test("and cannot be reported needs no report once its job is cancelled", async () => {
    const { uploads, commands } = openPage(await nobody());
    commands.uploadFailed.mockRejectedValue(new Error("Convex is away"));
    const jobId = await uploads.start(FILE);
    await expect.poll(() => commands.uploadFailed.mock.calls.length).toBe(1);
    await settle();
    uploads.abort(jobId);
    expect(localStorage).toHaveLength(0);
  });

  test("keeps its entry until the report is acknowledged", async () => {
    const { uploads, commands } = openPage(await nobody());
    let acknowledge: () => void = () => undefined;
    commands.uploadFailed.mockImplementationOnce(
      () => new Promise<void>((resolve) => (acknowledge = resolve)),
    );
    const jobId = await uploads.start(FILE);
    await expect.poll(() => commands.uploadFailed.mock.calls.length).toBe(1);
    await settle();
    expect(localStorage).toHaveLength(1);
    acknowledge();
    await expect.poll(() => uploads.isUploading(jobId)).toBe(false);
    expect(localStorage).toHaveLength(0);
  });

  test("by a refused ticket has the next one asked for", async () => {
    const server = await serve((response) => {
      refuse(response, 401, "unauthorized", "Send the job's ticket.");
    });
    const { uploads, tickets, asked } = openPage(server.url);
    const jobId = await uploads.start(FILE);
    await expect.poll(() => uploads.isUploading(jobId)).toBe(false);
    await tickets.get(jobId);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test.each([
    ["queued", 0],
    ["uploading", 1],
  ])("only by its answer, and is %s at the worker: %i failures", async (stage, failures) => {
    const server = await serve((response, { method }) => {
      const times = { createdAt: 1_760_000_000_000, updatedAt: 1_760_000_000_000 };
      const job = { jobId: "mine", status: "pending", progress: 0, attempt: 1, ...times, stage };
      if (method === "GET") json(response, 200, job);
      else response.writeHead(504).end("<html>504 Gateway Time-out</html>");
    });
    const { uploads, commands } = openPage(server.url);
    await uploads.start(FILE, { jobId: "mine" });
    await expect.poll(() => uploads.isUploading("mine")).toBe(false);
    expect(commands.uploadFailed).toHaveBeenCalledTimes(failures);
    expect(server.received.map(({ method }) => method)).toEqual(["POST", "GET"]);
  });
});

describe("a job that is cancelled", () => {
  test("stops its upload, and nothing is reported", async () => {
    const worker = await slowWorker();
    const { uploads, commands } = openPage(worker.url);
    const jobId = await uploads.start(FILE);
    await worker.arrived(jobId);
    uploads.abort(jobId);
    await expect.poll(() => uploads.active).toBe(false);
    await settle();
    expect([uploads.isUploading(jobId), localStorage.length]).toEqual([false, 0]);
    expect(commands.uploadFailed).not.toHaveBeenCalled();
    uploads.abort("unknown");
  });

  test("gives its place in the queue away", async () => {
    const worker = await slowWorker();
    const { uploads } = openPage(worker.url);
    for (const jobId of ["1", "2", "3", "4"]) await uploads.start(FILE, { jobId });
    await worker.arrived("2");
    uploads.abort("3");
    await expect.poll(() => uploads.snapshot().has("3")).toBe(false);
    uploads.abort("1");
    await worker.finish("4");
    await worker.finish("2");
    await expect.poll(() => uploads.active).toBe(false);
    expect([...worker.waiting.keys()].sort()).toEqual(["1", "2", "4"]);
  });

  test("before its row is there sends nothing", async () => {
    const worker = await slowWorker();
    const { uploads, commands } = openPage(worker.url);
    const started = uploads.start(FILE, { jobId: "mine" });
    uploads.abort("mine");
    expect(await started).toBe("mine");
    await expect.poll(() => uploads.isUploading("mine")).toBe(false);
    expect([worker.received.length, commands.uploadFailed.mock.calls.length]).toEqual([0, 0]);
  });
});
