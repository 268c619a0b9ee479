import { describe, expect, test, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { KEY, newBackend, segments } from "./support/backend";
import { codeOf } from "./support/codeOf";

describe("create", () => {
  test("makes a random id, and finds the user's own job again", async () => {
    const { alice, row } = newBackend();
    const made = await alice.mutation(api.transcriptionJobs.create, {
      fileName: "a.mp3",
      fileSize: 9,
    });
    expect(made.jobId).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(await row(made.jobId)).toMatchObject({
      userId: "https://issuer.example|alice",
      status: "pending",
      progress: 0,
      attempt: 1,
      fileName: "a.mp3",
      fileSize: 9,
      segmentCount: 0,
      pageCount: 0,
    });
    const again = await alice.mutation(api.transcriptionJobs.create, { jobId: made.jobId });
    expect(again.jobId).toBe(made.jobId);
    expect(await row(made.jobId)).toMatchObject({ fileName: "a.mp3" });
    expect(await alice.query(api.transcriptionJobs.stats, {})).toMatchObject({ active: 1 });
  });

  test("refuses another person's id and bad arguments, and says what is allowed", async () => {
    const backend = newBackend();
    await backend.newJob("mine");
    const create = async (args: object) =>
      await codeOf(backend.bob.mutation(api.transcriptionJobs.create, args));
    expect(await create({ jobId: "mine" })).toBe("job_id_taken");
    for (const args of [
      { jobId: "" },
      { jobId: "a b" },
      { jobId: "x".repeat(129) },
      { jobId: "añb" },
      { fileName: "x".repeat(256) },
      { fileName: "a\0b" },
      { fileSize: -1 },
      { fileSize: NaN },
      { fileSize: Infinity },
    ]) {
      expect(await create(args)).toBe("invalid_argument");
    }
  });

  test("createFor makes a job from the command line and takes no id twice for two people", async () => {
    const backend = newBackend();
    const createFor = async (userId: string) =>
      await backend.t.mutation(internal.transcriptionJobs.createFor, { userId, jobId: "job" });
    expect(await createFor("me")).toMatchObject({ jobId: "job" });
    expect(await createFor("me")).toMatchObject({ jobId: "job" });
    expect(await codeOf(createFor("you"))).toBe("job_id_taken");
    expect(await codeOf(createFor(""))).toBe("invalid_argument");
    const update = { jobId: "job", status: "processing", userId: "me" };
    expect((await backend.post(update)).status).toBe(200);
  });
});

describe("tickets", () => {
  test("are the HMAC of job and expiry, by the first key, for 24 hours", async () => {
    vi.useFakeTimers({ now: 1_800_000_000_500, toFake: ["Date"] });
    const { alice } = newBackend({ keys: `${KEY}, other` });
    const { ticket } = await alice.mutation(api.transcriptionJobs.create, { jobId: "job" });
    const [expiry, signature = ""] = ticket?.split(".") ?? [];
    expect(expiry).toBe("1800086400");
    expect(signature).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const key = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(KEY),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"],
    );
    const bytes = Uint8Array.from(
      atob(signature.replaceAll("-", "+").replaceAll("_", "/")),
      (character) => character.charCodeAt(0),
    );
    const message = new TextEncoder().encode("ticket.v1\njob\n1800086400");
    expect(await crypto.subtle.verify("HMAC", key, bytes, message)).toBe(true);
    expect(await alice.mutation(api.transcriptionJobs.ticket, { jobId: "job" })).toBe(ticket);
  });

  test("are null without a key", async () => {
    const { alice } = newBackend();
    vi.stubEnv("CONVEX_API_KEY", " ,");
    const { jobId, ticket } = await alice.mutation(api.transcriptionJobs.create, {});
    expect(ticket).toBeNull();
    expect(await alice.mutation(api.transcriptionJobs.ticket, { jobId })).toBeNull();
  });
});

describe("cancel, remove, uploadFailed", () => {
  test("cancel ends an active job for its user and clears what was going on", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const going = { stage: "decoding", message: "m", estimatedTimeRemaining: 5, progress: 20 };
    await backend.post({ jobId: "job", status: "processing", sequence: 1, ...going });
    await backend.alice.mutation(api.transcriptionJobs.cancel, { jobId: "job" });
    const row = await backend.row("job");
    expect(row).toMatchObject({ status: "cancelled", endedBy: "user", progress: 20 });
    expect(row.completedAt).toBeGreaterThanOrEqual(row.createdAt);
    for (const key of ["stage", "message", "estimatedTimeRemaining"]) {
      expect(row).not.toHaveProperty(key);
    }
    await backend.alice.mutation(api.transcriptionJobs.cancel, { jobId: "job" });
    expect(await backend.row("job")).toEqual(row);
  });

  test("remove takes finished jobs only, with everything that belongs to them", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const remove = () => backend.alice.mutation(api.transcriptionJobs.remove, { jobId: "job" });
    expect(await codeOf(remove())).toBe("job_active");
    await backend.post({
      jobId: "job",
      status: "completed",
      result: { text: "long ".repeat(9_000), segments: segments(0, 120) },
    });
    await remove();
    const left = await backend.dump();
    expect([
      left.transcriptionJobs,
      left.transcriptionTranscripts,
      left.transcriptionPages,
    ]).toEqual([[], [], []]);
    expect(await codeOf(remove())).toBe("job_not_found");
    expect((await backend.post({ jobId: "job", status: "processing" })).status).toBe(404);
  });

  test("remove of a long transcript is done in batches within the platform's limits", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const backend = newBackend();
    await backend.newJob("job");
    const items = Array.from({ length: 6_500 }, (_, index) => ({
      start: index,
      end: index,
      text: "",
    }));
    await backend.post({ jobId: "job", status: "completed", result: { segments: items } });
    expect((await backend.row("job")).pageCount).toBe(130);
    await backend.alice.mutation(api.transcriptionJobs.remove, { jobId: "job" });
    expect((await backend.dump()).transcriptionPages).toHaveLength(80);
    await backend.t.finishAllScheduledFunctions(vi.runAllTimers);
    expect((await backend.dump()).transcriptionPages).toEqual([]);
  });

  test("uploadFailed counts until a worker has reported, and once", async () => {
    const backend = newBackend();
    const failed = async (jobId: string, error = "connection lost") =>
      await backend.alice.mutation(api.transcriptionJobs.uploadFailed, { jobId, error });
    await backend.newJob("never");
    await failed("never");
    const row = await backend.row("never");
    expect(row).toMatchObject({ status: "failed", endedBy: "user", error: "connection lost" });
    await failed("never", "again");
    expect(await backend.row("never")).toEqual(row);
    expect((await backend.post({ jobId: "never", status: "processing" })).body.outcome).toBe(
      "ignored",
    );

    await backend.newJob("waiting");
    await backend.post({ jobId: "waiting", status: "pending", message: "third in the queue" });
    await failed("waiting");
    expect(await backend.row("waiting")).toMatchObject({ status: "pending" });

    expect(await codeOf(failed("never", ""))).toBe("invalid_argument");
    expect(await codeOf(failed("never", "x".repeat(4_001)))).toBe("invalid_argument");
  });
});

describe("lists", () => {
  test("listActive gives the newest fifty", async () => {
    const backend = newBackend();
    for (let index = 0; index < 55; index++) await backend.newJob(`job-${index}`);
    const jobs = await backend.alice.query(api.transcriptionJobs.listActive, {});
    expect(jobs).toHaveLength(50);
    expect(jobs[0]?.jobId).toBe("job-54");
  });

  test("listFinished goes through the history, newest end first, in pages of at most 100", async () => {
    const backend = newBackend();
    await backend.insertJobs(105, (index) => ({
      status: "completed",
      completedAt: 1_700_000_000_000 + index,
    }));
    const list = async (numItems: number, cursor: string | null) =>
      await backend.alice.query(api.transcriptionJobs.listFinished, {
        paginationOpts: { numItems, cursor },
      });
    const first = await list(1e9, null);
    expect(first.page).toHaveLength(100);
    expect(first.page[0]?.jobId).toBe("job-104");
    const second = await list(10, first.continueCursor);
    expect(second.page.map((job) => job.jobId)).toEqual([
      "job-4",
      "job-3",
      "job-2",
      "job-1",
      "job-0",
    ]);
    expect((await list(-5, null)).page).toHaveLength(1);
  });
});

describe("transcript", () => {
  test("is read page by page, the text's slices with it", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const text = "spoken words, ".repeat(5_000);
    await backend.post({
      jobId: "job",
      status: "completed",
      result: { text, segments: segments(0, 60) },
    });
    const { pageCount, segmentCount, result } = await backend.row("job");
    expect({ pageCount, segmentCount, textLength: result?.textLength }).toEqual({
      pageCount: 3,
      segmentCount: 60,
      textLength: text.length,
    });
    const page = async (number: number) =>
      await backend.alice.query(api.transcriptionJobs.transcript, { jobId: "job", page: number });
    expect((await page(1))?.offset).toBe(50);
    expect((await page(2))?.segments).toEqual([]);
    for (const none of [3, -1, 0.5, 1e9]) expect(await page(none)).toBeNull();
    expect(await backend.transcript("job")).toEqual({
      texts: segments(0, 60).map((segment) => segment.text),
      text,
    });
  });

  test("shows the present attempt's and the final segments only", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const live = async (attempt: number, text: string, count: number) =>
      await backend.post({
        jobId: "job",
        status: "processing",
        attempt,
        segments: { offset: 0, items: segments(0, count, text) },
      });
    await live(1, "first", 120);
    await live(2, "second", 2);
    expect((await backend.transcript("job")).texts).toEqual(["second 0", "second 1"]);
    const final = segments(0, 1, "final");
    await backend.post({
      jobId: "job",
      status: "completed",
      attempt: 2,
      result: { segments: final },
    });
    expect((await backend.transcript("job")).texts).toEqual(["final 0"]);
    expect((await backend.dump()).transcriptionPages).toHaveLength(1);
    await live(2, "late", 9);
    expect((await backend.transcript("job")).texts).toEqual(["final 0"]);
  });
});
