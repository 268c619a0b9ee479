import { describe, expect, test } from "vitest";
import { decide, type Job } from "../../convex/transcription/model/decide";
import type { Segment, Update } from "../../convex/transcription/model/validators";
import { segments } from "../support/backend";
import { anUpdate, deliver, deliverAll, NEW_JOB, newState, sized } from "../support/deliveries";

const ended = { completedAt: 2_000, endedBy: "worker" as const };

/** Every state that a job can be in, met by every kind of update. */
const STATES: Record<string, Partial<Job>> = {
  "new pending": {},
  pending: { sequence: 5, reported: true },
  processing: { status: "processing", progress: 40, sequence: 5, reported: true },
  stalled: { status: "processing", sequence: 5, reported: true, stalledAt: 9 },
  completed: { status: "completed", progress: 100, sequence: 5, ...ended },
  failed: { status: "failed", progress: 40, sequence: 5, error: "x", ...ended },
  "cancelled by the worker": { status: "cancelled", sequence: 5, ...ended },
  "cancelled by the user": {
    status: "cancelled",
    sequence: 5,
    completedAt: 2_000,
    endedBy: "user",
  },
};

const UPDATES: Record<string, Partial<Update>> = {
  newer: { sequence: 6, progress: 50 },
  same: { sequence: 5, progress: 99, status: "failed", error: "y" },
  older: { sequence: 4 },
  unnumbered: {},
  completes: { sequence: 6, status: "completed" },
  fails: { sequence: 6, status: "failed", error: "y" },
  cancels: { sequence: 6, status: "cancelled" },
  "next attempt": { attempt: 2, sequence: 0 },
  "attempt before": { attempt: 0, sequence: 9 },
};

const OUTCOMES: Record<string, string[]> = {
  "new pending": rowOf("applied applied applied applied applied applied applied applied stale"),
  pending: rowOf("applied duplicate applied applied applied applied applied applied stale"),
  processing: rowOf("applied duplicate stale applied applied applied applied applied stale"),
  stalled: rowOf("applied duplicate stale applied applied applied applied applied stale"),
  completed: rowOf("ignored duplicate ignored ignored ignored ignored ignored ignored stale"),
  failed: rowOf("applied duplicate ignored ignored ignored ignored ignored ignored stale"),
  "cancelled by the worker": rowOf(
    "applied duplicate ignored ignored ignored ignored ignored ignored stale",
  ),
  "cancelled by the user": rowOf(
    "ignored ignored ignored ignored ignored ignored ignored ignored stale",
  ),
};

function rowOf(outcomes: string): string[] {
  return outcomes.split(" ");
}

describe("every state meets every update", () => {
  for (const [stateName, state] of Object.entries(STATES)) {
    for (const [index, [updateName, update]] of Object.entries(UPDATES).entries()) {
      const outcome = OUTCOMES[stateName]?.[index];
      test(`${stateName} × ${updateName}: ${outcome}`, () => {
        const before = newState(state);
        const delivery = deliver(before, anUpdate(update));
        expect(delivery.outcome).toBe(outcome);
        if (outcome !== "applied") expect(delivery.state).toBe(before);
      });
    }
  }
});

describe("the order of the checks", () => {
  test("the owner comes before all else, also before a stale attempt", () => {
    const job = { ...NEW_JOB, attempt: 3, endedBy: "user" as const, status: "cancelled" as const };
    expect(decide(job, anUpdate({ userId: "other" }), 1)).toEqual({
      kind: "refuse",
      code: "user_mismatch",
    });
    expect(decide(job, anUpdate({ userId: "user" }), 1)).toEqual({
      kind: "keep",
      outcome: "stale",
    });
  });

  test("a job that its user ended has no gap to report", () => {
    const job = { ...NEW_JOB, status: "cancelled" as const, endedBy: "user" as const };
    const update = anUpdate({ live: { offset: 9, items: sized(segments(9, 1)) } });
    expect(decide(job, update, 1)).toEqual({ kind: "keep", outcome: "ignored" });
  });

  test("a next attempt that begins in the middle is refused and begins nothing", () => {
    const job = { ...NEW_JOB, segmentCount: 9, pageCount: 1 };
    const update = anUpdate({ attempt: 2, live: { offset: 9, items: sized(segments(9, 1)) } });
    expect(decide(job, update, 1)).toEqual({ kind: "refuse", code: "segment_gap", expected: 0 });
  });
});

describe("fields", () => {
  test("a clean slate keeps what the user made and nothing else", () => {
    const state = newState({
      fileName: "a.mp3",
      fileSize: 7,
      status: "processing",
      progress: 60,
      stage: "s",
      message: "m",
      sequence: 9,
      startedAt: 5,
      audioInfo: { duration: 1 },
      segmentCount: 3,
      pageCount: 1,
      stalledAt: 4,
    });
    const { job } = deliver(state, anUpdate({ attempt: 2, status: "pending" }), 8_000).state;
    expect(job).toEqual({
      ...NEW_JOB,
      fileName: "a.mp3",
      fileSize: 7,
      attempt: 2,
      reported: true,
      updatedAt: 8_000,
    });
  });

  test("a terminal update with a lower sequence than a progress one speaks for the row", () => {
    const { job } = deliverAll(newState(), [
      anUpdate({ sequence: 7, progress: 70, stage: "later", message: "m" }),
      anUpdate({ sequence: 5, status: "failed", error: "broken", stage: "at the end" }),
      anUpdate({ sequence: 8, progress: 80, stage: "too late" }),
    ]);
    expect(job).toMatchObject({ status: "failed", sequence: 5, progress: 80, stage: "at the end" });
    expect(job).not.toHaveProperty("message");
  });

  test("ten updates in reverse end where they end in order", () => {
    const updates = Array.from({ length: 10 }, (_, index) =>
      anUpdate({ sequence: index, progress: index * 10, stage: `step ${index}` }),
    );
    const { job } = deliverAll(newState(), updates.toReversed());
    expect(job).toMatchObject({ sequence: 9, progress: 90, stage: "step 9" });
  });

  test("a field that the newest update lacks is cleared", () => {
    const { job } = deliverAll(newState(), [
      anUpdate({ sequence: 1, stage: "a", message: "b", estimatedTimeRemaining: 3 }),
      anUpdate({ sequence: 2 }),
    ]);
    for (const key of ["stage", "message", "estimatedTimeRemaining"]) {
      expect(job).not.toHaveProperty(key);
    }
  });

  test("an update without sequence is the newest on arrival and leaves the row's", () => {
    const { job } = deliverAll(newState(), [
      anUpdate({ sequence: 4, stage: "numbered" }),
      anUpdate({ stage: "unnumbered" }),
      anUpdate({ sequence: 3, stage: "late" }),
    ]);
    expect(job).toMatchObject({ sequence: 4, stage: "unnumbered" });
  });

  test("completedAt is the update's, raised to its own start and to the row's creation", () => {
    const completed = (times: Partial<Update>) =>
      deliver(newState({ createdAt: 500 }), anUpdate({ status: "completed", ...times }), 900).state
        .job.completedAt;
    expect(completed({ completedAt: 700 })).toBe(700);
    expect(completed({ completedAt: 700, startedAt: 800 })).toBe(800);
    expect(completed({ completedAt: 100 })).toBe(500);
    expect(completed({})).toBe(900);
  });

  test("startedAt is the earliest, audioInfo is filled in and the greater of two values", () => {
    const updates = [
      anUpdate({ sequence: 1, startedAt: 30, audioInfo: { duration: 5, format: "mp3" } }),
      anUpdate({ sequence: 2, startedAt: 20, audioInfo: { duration: 4, channels: 2 } }),
      anUpdate({ sequence: 3, startedAt: 40, audioInfo: { format: "wav" } }),
    ];
    for (const order of [updates, updates.toReversed()]) {
      expect(deliverAll(newState(), order).job).toMatchObject({
        startedAt: 20,
        audioInfo: { duration: 5, channels: 2, format: "wav" },
      });
    }
  });

  test("a sign of life changes updatedAt even when the server's clock stands or steps back", () => {
    let state = newState();
    for (const now of [5_000, 5_000, 4_000]) {
      const before = state.job.updatedAt;
      state = deliver(state, anUpdate(), now).state;
      expect(state.job.updatedAt).toBeGreaterThan(before);
    }
    expect(state.job.updatedAt).toBe(5_002);
  });

  test("news and the end clear stalledAt, a stale update does not", () => {
    const stalled = newState({ status: "processing", sequence: 5, stalledAt: 9 });
    const stalledAfter = (update: Partial<Update>) =>
      deliver(stalled, anUpdate(update)).state.job.stalledAt;
    expect(stalledAfter({ sequence: 6 })).toBeUndefined();
    expect(stalledAfter({ sequence: 4, status: "cancelled" })).toBeUndefined();
    expect(stalledAfter({ sequence: 4 })).toBe(9);
  });

  test("the row keeps 1 KiB of a text, the slices all of it", () => {
    const text = "ñandú 🎧 ".repeat(5_000);
    const update = anUpdate({ status: "completed", result: { text, language: "es" } });
    const { job, text: slices } = deliver(newState(), update).state;
    expect(job.result).toMatchObject({ language: "es", textLength: text.length });
    const kept = job.result?.text ?? "";
    expect(new TextEncoder().encode(kept).length).toBeLessThanOrEqual(1024);
    expect(new TextEncoder().encode(kept).length).toBeGreaterThan(1024 - 4);
    expect(text.startsWith(kept)).toBe(true);
    expect(slices.join("")).toBe(text);
    expect(job.pageCount).toBe(slices.length);
  });
});

describe("live segments", () => {
  const live = (offset: number, count: number, fields: Partial<Update> = {}) =>
    anUpdate({ live: { offset, items: sized(segments(offset, count)) }, ...fields });
  const count = (updates: Update[]) => deliverAll(newState(), updates).job.segmentCount;

  test.each<[string, Update[], number]>([
    ["twice", [live(0, 3, { sequence: 1 }), live(0, 3, { sequence: 2 })], 3],
    ["overlapping", [live(0, 3), live(2, 3)], 5],
    ["out of order, the refused one again", [live(3, 2), live(0, 3)], 5],
    ["empty behind a gap", [live(7, 0)], 0],
    ["after a failure", [live(0, 1), anUpdate({ status: "failed", error: "x" }), live(1, 1)], 2],
    ["after completed without segments", [anUpdate({ status: "completed" }), live(0, 2)], 2],
    [
      "after completed with segments, also behind a gap",
      [anUpdate({ status: "completed", result: { segments: sized(segments(0, 1)) } }), live(9, 2)],
      1,
    ],
    [
      "with the result's segments in one update, also behind a gap",
      [live(9, 2, { status: "completed", result: { segments: sized(segments(0, 1)) } })],
      1,
    ],
  ])("%s", (_name, updates, expected) => {
    expect(count(updates)).toBe(expected);
  });

  test("a gap is refused whole and says where to send from", () => {
    const state = deliverAll(newState(), [live(0, 3)]);
    const delivery = deliver(state, live(4, 1, { progress: 90, status: "completed" }));
    expect(delivery).toEqual({
      kind: "refuse",
      outcome: "refused",
      code: "segment_gap",
      expected: 3,
      state,
    });
  });

  test("what is there stays", () => {
    const changed = anUpdate({ live: { offset: 0, items: sized(segments(0, 2, "changed")) } });
    const { pages } = deliverAll(newState(), [live(0, 1), changed]);
    const texts = pages.flatMap((page) => JSON.parse(page.segments) as Segment[]);
    expect(texts.map(({ text }) => text)).toEqual(["segment 0", "changed 1"]);
  });

  test("a result without segments leaves the live ones, an empty list replaces them", () => {
    const completed = (list?: []) =>
      anUpdate({ status: "completed", result: { text: "t", ...(list && { segments: list }) } });
    expect(count([live(0, 3), completed()])).toBe(3);
    expect(count([live(0, 3), completed([])])).toBe(0);
  });
});
