import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { api } from "../convex/_generated/api";
import { type Backend, newBackend, segments } from "./support/backend";

const time = Date.UTC(2026, 0, 1);

beforeEach(() => {
  // Before the times in the updates, since completedAt is never before the row was made.
  vi.useFakeTimers({ now: time - 1_000, toFake: ["Date"] });
  vi.spyOn(console, "log").mockReturnValue(undefined);
});

/** One attempt's updates as bodies, as a worker sends them. */
const attempt = fc
  .record({
    steps: fc.array(fc.record({ progress: fc.nat(100), added: fc.nat(40) }), { maxLength: 6 }),
    end: fc.constantFrom("completed", "completed with segments", "failed", "cancelled", "none"),
    endsBefore: fc.nat(6),
  })
  .map(({ steps, end, endsBefore }) => {
    let offset = 0;
    const updates: Record<string, unknown>[] = steps.map(({ progress, added }, index) => {
      const items = segments(offset, added);
      const update = {
        sequence: index,
        status: "processing",
        progress,
        segments: { offset, items },
      };
      offset += added;
      return { ...update, stage: `step ${index}`, timestamps: { startedAt: time + index } };
    });
    const timestamps = { completedAt: time + 1_000 };
    const sequence = Math.min(endsBefore, steps.length) + 0.5;
    if (end === "failed") updates.push({ sequence, status: "failed", error: "x", timestamps });
    if (end === "cancelled") updates.push({ sequence, status: "cancelled", timestamps });
    if (end.startsWith("completed")) {
      const final = end === "completed" ? {} : { segments: segments(0, 70, "final") };
      const result = { text: "text ".repeat(3_000), ...final };
      updates.push({ sequence, status: "completed", result, timestamps });
    }
    const numbered = updates.sort((a, b) => Number(a["sequence"]) - Number(b["sequence"]));
    return numbered.map((update, sequence) => ({ ...update, jobId: "job", sequence }));
  });

const delivery = attempt.chain((updates) =>
  fc.record({
    updates: fc.constant(updates),
    shuffled: fc.shuffledSubarray([...updates, ...updates], { minLength: updates.length * 2 }),
  }),
);

async function deliverAll(updates: object[]): Promise<Backend> {
  const backend = newBackend();
  await backend.newJob("job");
  let waiting = updates;
  while (waiting.length > 0) {
    const refused: object[] = [];
    for (const update of waiting) {
      if ((await backend.post(update)).status === 409) refused.push(update);
    }
    waiting = refused;
  }
  return backend;
}

async function seen(backend: Backend): Promise<object> {
  const { updatedAt: _updatedAt, _creationTime, ...row } = await backend.row("job");
  return { row, ...(await backend.transcript("job")) };
}

describe("Promise 2: any order, any number of times", () => {
  test("ends in the same row and the same transcript, through the endpoint", async () => {
    await fc.assert(
      fc.asyncProperty(delivery, async ({ updates, shuffled }) => {
        const expected = await seen(await deliverAll(updates));
        expect(await seen(await deliverAll(shuffled))).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});

describe("Promise 1: nothing is lost", () => {
  test("what is refused for now changes nothing and is taken later", async () => {
    const limits: Record<string, number> = {};
    const backend = newBackend({ limits });
    const update = {
      jobId: "job",
      status: "processing",
      sequence: 1,
      segments: { offset: 0, items: segments(0, 3) },
    };
    expect((await backend.post(update)).status).toBe(404);
    await backend.newJob("job");
    limits["documentsWritten"] = 1;
    expect((await backend.post(update)).status).toBe(413);
    delete limits["documentsWritten"];
    const behindGap = { ...update, sequence: 2, segments: { offset: 5, items: segments(5, 1) } };
    const gap = await backend.post(behindGap);
    expect(gap).toMatchObject({ status: 409, body: { error: { expected: 0 } } });
    expect((await backend.post(update)).body.outcome).toBe("applied");
    expect((await backend.post(behindGap)).body.error?.expected).toBe(3);
    await backend.post({ ...update, sequence: 3, segments: { offset: 3, items: segments(3, 2) } });
    expect((await backend.post(behindGap)).body.outcome).toBe("applied");
    expect((await backend.transcript("job")).texts).toHaveLength(6);
  });
});

describe("Promise 3: nothing runs backwards", () => {
  test("no subscriber's query sees progress or status fall along any delivery", async () => {
    const rank = ["pending", "processing", "completed"];
    await fc.assert(
      fc.asyncProperty(delivery, async ({ shuffled }) => {
        const backend = newBackend();
        await backend.newJob("job");
        let last = { progress: 0, rank: 0 };
        for (const update of shuffled) {
          await backend.post(update);
          const row = await backend.alice.query(api.transcriptionJobs.get, { jobId: "job" });
          if (row === null) throw new Error("the job is gone");
          const place = rank.indexOf(row.status);
          const now = { progress: row.progress, rank: place < 0 ? 2 : place };
          expect(now.progress).toBeGreaterThanOrEqual(last.progress);
          expect(now.rank).toBeGreaterThanOrEqual(last.rank);
          last = now;
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("Promise 5: bad input changes nothing", () => {
  const valid = {
    jobId: "job",
    status: "completed",
    progress: 50,
    stage: "s",
    message: "m",
    sequence: 3,
    attempt: 1,
    userId: "https://issuer.example|alice",
    estimatedTimeRemaining: 3,
    timestamps: { startedAt: time, completedAt: time + 1 },
    audioInfo: { duration: 1, format: "mp3" },
    segments: { offset: 0, items: segments(0, 2) },
    result: {
      text: "t",
      segments: [{ start: 0, end: 1, text: "x", words: [{ word: "x", start: 0, end: 1 }] }],
    },
  };

  /** Every place in the valid update, by the keys that lead there. */
  function places(value: unknown, path: string[] = []): string[][] {
    if (typeof value !== "object" || value === null) return [path];
    return [
      path,
      ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key])),
    ];
  }

  function replaced(value: unknown, [key, ...rest]: string[], by: unknown): unknown {
    if (key === undefined) return by;
    const copy = structuredClone(value) as Record<string, unknown>;
    copy[key] = replaced(copy[key], rest, by);
    return copy;
  }

  const garbage = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>(
      "\ud800",
      "a\0",
      -1,
      1e308,
      2 ** 53,
      0.1,
      "",
      [],
      {},
      { $type: 1 },
      null,
    ),
    fc.string({ unit: "binary" }),
  );

  test("any value in any place is taken or refused with a 4xx in our JSON, and a refusal changes nothing", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places(valid)), garbage, async (path, value) => {
        const before = await backend.dump();
        const response = await backend.send(JSON.stringify(replaced(valid, path, value)));
        expect(response.headers.get("Content-Type")).toBe("application/json");
        const answer = (await response.json()) as { ok: boolean; error?: { code: string } };
        expect(response.status).toBeLessThan(500);
        expect(answer.ok).toBe(response.status === 200);
        if (answer.ok) return;
        refusals++;
        expect(answer.error?.code).toMatch(
          /^(invalid_payload|job_not_found|user_mismatch|segment_gap)$/,
        );
        expect(await backend.dump()).toEqual(before);
      }),
      { numRuns: 600 },
    );
    expect(refusals).toBeGreaterThan(100);
  });

  test("any bytes at all are answered in our JSON and change nothing", async () => {
    const backend = newBackend();
    await backend.newJob("job");
    const before = await backend.dump();
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.dictionary(
          fc.constantFrom("Content-Type", "Authorization", "Content-Length"),
          fc.constantFrom("", "x", "Bearer x", "application/json"),
        ),
        async (bytes, headers) => {
          const response = await backend.send(bytes, headers);
          expect([400, 401, 415]).toContain(response.status);
          expect(await response.json()).toMatchObject({ ok: false });
        },
      ),
      { numRuns: 300 },
    );
    expect(await backend.dump()).toEqual(before);
  });
});
