import { describe, expect, test } from "vitest";
import { api } from "../convex/_generated/api";
import { type Backend, type Limits, newBackend, segments } from "./support/backend";

/** Puts a job in the state that a test needs, on a deployment with the platform's own limits. */
type Prepare = (backend: Backend) => Promise<void>;

/** Prepares with the platform's limits and acts under tighter ones: over them, it throws. */
async function within<T>(
  tighter: Limits,
  prepare: Prepare,
  act: (backend: Backend) => Promise<T>,
): Promise<T> {
  const limits: Limits = {};
  const backend = newBackend({ limits });
  await prepare(backend);
  Object.assign(limits, tighter);
  return await act(backend);
}

const KIB = 1024;
const TICK = { documentsRead: 2, documentsWritten: 1, bytesRead: 2 * KIB, bytesWritten: 2 * KIB };
const LIVE_TICK = {
  documentsRead: 4,
  documentsWritten: 2,
  bytesRead: 80 * KIB,
  bytesWritten: 80 * KIB,
};

const withHistory: Prepare = async (backend) => {
  await backend.insertJobs(1_000, (index) => ({
    jobId: `finished-${index}`,
    status: "completed",
    completedAt: 1_700_000_000_000 + index,
    result: { text: "x".repeat(8 * KIB), textLength: 8 * KIB },
  }));
};

/** A spoken segment of three seconds with word times, about 600 bytes. */
function spoken(index: number) {
  const word = (n: number) => ({
    word: " word",
    start: index * 3 + n * 0.37,
    end: index * 3 + n * 0.37 + 0.31,
    confidence: 0.9123,
  });
  return {
    start: index * 3,
    end: index * 3 + 3,
    text: " word word word word word word word word",
    words: Array.from({ length: 8 }, (_, n) => word(n)),
  };
}

const withLongTranscript: Prepare = async (backend) => {
  await withHistory(backend);
  await backend.newJob("job");
  const items = Array.from({ length: 3_600 }, (_, index) => spoken(index));
  const { status } = await backend.post({
    jobId: "job",
    status: "processing",
    sequence: 1,
    segments: { offset: 0, items },
  });
  expect(status).toBe(200);
};

describe("Promise 7: a tick is cheap", () => {
  const tick = {
    jobId: "job",
    status: "processing",
    progress: 50,
    sequence: 10,
    stage: "transcribing",
    message: "Transcribing the second half of the recording",
    estimatedTimeRemaining: 120,
  };

  test("without segments: 2 reads, 1 write, under 2 KiB each way", async () => {
    const prepare: Prepare = async (backend) => {
      await withHistory(backend);
      await backend.newJob("job");
      await backend.post({
        ...tick,
        sequence: 9,
        timestamps: { startedAt: Date.now() },
        audioInfo: {
          duration: 600,
          sampleRate: 16_000,
          channels: 1,
          format: "mp3",
          sizeBytes: 9e6,
        },
      });
    };
    const { status, body } = await within(
      TICK,
      prepare,
      async (backend) => await backend.post(tick),
    );
    expect({ status, outcome: body.outcome }).toEqual({ status: 200, outcome: "applied" });
  });

  test("the budget is tight: one read less and the tick fails", async () => {
    const prepare: Prepare = async (backend) => {
      await backend.newJob("job");
    };
    for (const less of [{ documentsRead: 1 }, { documentsWritten: 0 }, { bytesWritten: 100 }]) {
      const answer = await within({ ...TICK, ...less }, prepare, (backend) => backend.post(tick));
      expect(answer.status).toBe(413);
    }
  });

  test("with the first segments: 4 reads, 2 writes, under 80 KiB", async () => {
    const prepare: Prepare = async (backend) => {
      await backend.newJob("job");
    };
    const { status } = await within(LIVE_TICK, prepare, async (backend) => {
      return await backend.post({ ...tick, segments: { offset: 0, items: [spoken(0)] } });
    });
    expect(status).toBe(200);
  });

  test("with segments, a 3-hour transcript and 1,000 jobs behind it: the same, at every place of a page", async () => {
    await within(LIVE_TICK, withLongTranscript, async (backend) => {
      for (let offset = 3_600; offset < 3_660; offset++) {
        const update = {
          ...tick,
          sequence: offset,
          segments: { offset, items: [spoken(offset)] },
        };
        expect((await backend.post(update)).status).toBe(200);
      }
    });
  });

  test("listActive reads the active rows and nothing else", async () => {
    const prepare: Prepare = async (backend) => {
      await withHistory(backend);
      for (const jobId of ["a", "b", "c"]) await backend.newJob(jobId);
    };
    const jobs = await within(
      { documentsRead: 3, bytesRead: 3 * KIB },
      prepare,
      async ({ alice }) => await alice.query(api.transcriptionJobs.listActive, {}),
    );
    expect(jobs).toHaveLength(3);
  });

  test("listFinished reads its page and no more", async () => {
    const prepare: Prepare = async (backend) => {
      await withHistory(backend);
      await backend.newJob("active");
    };
    const { page } = await within({ documentsRead: 20 }, prepare, async ({ alice }) => {
      const paginationOpts = { numItems: 20, cursor: null };
      return await alice.query(api.transcriptionJobs.listFinished, { paginationOpts });
    });
    expect(page).toHaveLength(20);
  });

  test("a page of a transcript reads itself and the cold row, not the job", async () => {
    await within({ documentsRead: 2 }, withLongTranscript, async (backend) => {
      const read = async () =>
        await backend.alice.query(api.transcriptionJobs.transcript, { jobId: "job", page: 3 });
      const before = await read();
      expect(before?.segments.length).toBeGreaterThan(10);
      // If the query read the hot row, it would have to re-run at every tick.
      await backend.t.run(async (ctx) => {
        for (const row of await ctx.db
          .query("transcriptionJobs")
          .withIndex("by_job_id", (q) => q.eq("jobId", "job"))
          .take(1)) {
          await ctx.db.delete("transcriptionJobs", row._id);
        }
      });
      expect(await read()).toEqual(before);
    });
  });

  test("an active row is under 1 KiB, a finished one under 64 KiB with every field at its limit", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    await backend.post({ ...tick, sequence: 1 });
    expect(JSON.stringify(await backend.row("job")).length).toBeLessThan(KIB);
    const full = (length: number) => "€".repeat(length);
    await backend.post({
      jobId: "job",
      status: "completed",
      stage: full(64),
      message: full(1_000),
      audioInfo: { format: full(64) },
      result: { text: full(500_000), language: full(35), model: full(200) },
      segments: { offset: 0, items: segments(0, 1) },
    });
    const bytes = new TextEncoder().encode(JSON.stringify(await backend.row("job"))).length;
    expect(bytes).toBeGreaterThan(5 * KIB);
    expect(bytes).toBeLessThan(64 * KIB);
  });
});

test("4 MiB of the smallest segments fit into one mutation's limits, with old pages to replace", async () => {
  const backend = newBackend();
  await backend.newJob("job");
  const items = Array.from({ length: 137_000 }, () => ({ start: 0, end: 1, text: "" }));
  await backend.post({
    jobId: "job",
    status: "processing",
    segments: { offset: 0, items: segments(0, 9_000) },
  });
  const { status, body } = await backend.post({
    jobId: "job",
    status: "completed",
    result: { segments: items },
  });
  expect({ status, outcome: body.outcome }).toEqual({ status: 200, outcome: "applied" });
  expect(await backend.row("job")).toMatchObject({ segmentCount: 137_000, pageCount: 2_740 });
});

test("the end of a job sends the history's first page again, and it is small", async () => {
  const backend = newBackend();
  await backend.newJob("job");
  for (let index = 0; index < 50; index++) {
    const jobId = await backend.newJob(`finished-${index}`);
    const text = "x".repeat(8 * KIB);
    await backend.post({ jobId, status: "completed", result: { text, language: "en" } });
  }
  const paginationOpts = { numItems: 50, cursor: null };
  const pushed = await backend.alice.query(api.transcriptionJobs.listFinished, { paginationOpts });
  expect(pushed.page).toHaveLength(50);
  expect(JSON.stringify(pushed).length).toBeLessThan(80 * KIB);
});
