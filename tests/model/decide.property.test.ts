import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changedFields, decide } from "../../convex/transcription/model/decide";
import { isTerminal } from "../../convex/transcription/model/status";
import type { Update } from "../../convex/transcription/model/validators";
import {
  anyDelivery,
  anUpdate,
  attemptUpdates,
  deliver,
  deliverAll,
  newState,
  type State,
  withoutClock,
} from "../support/deliveries";

const RUNS = { numRuns: 1_000 };
const RANK = { pending: 0, processing: 1, completed: 2, failed: 2, cancelled: 2 };

const delivered = attemptUpdates().chain((updates) =>
  fc.record({ updates: fc.constant(updates), delivery: anyDelivery(updates) }),
);

function along(state: State, updates: Update[], look: (before: State, after: State) => void): void {
  let current = state;
  for (const update of updates) {
    const next = deliver(current, update).state;
    look(current, next);
    current = next;
  }
}

describe("Promise 2: any order, any number of times", () => {
  test("every delivery of an attempt's updates ends in the same row and the same pages", () => {
    fc.assert(
      fc.property(delivered, ({ updates, delivery }) => {
        const inOrder = deliverAll(newState(), updates);
        expect(withoutClock(deliverAll(newState(), delivery))).toEqual(withoutClock(inOrder));
      }),
      RUNS,
    );
  });

  test("a later attempt ends the same, whatever an earlier one left behind", () => {
    const arbitrary = fc
      .tuple(attemptUpdates(1), attemptUpdates(2))
      .chain(([first, second]) =>
        fc.record({
          first: fc.constant(first.filter((update) => !isTerminal(update.status))),
          second: fc.constant(second),
          delivery: anyDelivery(second),
        }),
      )
      .filter(({ second }) => second.length > 0);
    fc.assert(
      fc.property(arbitrary, ({ first, second, delivery }) => {
        const left = first.reduce((state, update) => deliver(state, update).state, newState());
        const clean = deliverAll(newState(), second);
        expect(withoutClock(deliverAll(left, delivery))).toEqual(withoutClock(clean));
      }),
      RUNS,
    );
  });

  test("a repeated delivery writes nothing", () => {
    fc.assert(
      fc.property(attemptUpdates(), (updates) => {
        const done = deliverAll(newState(), updates);
        for (const update of updates) expect(deliver(done, update).outcome).not.toBe("applied");
      }),
      RUNS,
    );
  });
});

describe("Promise 3: nothing runs backwards", () => {
  test("progress, status and the transcript never fall along any delivery", () => {
    fc.assert(
      fc.property(delivered, ({ delivery }) => {
        along(newState(), delivery, ({ job: before }, { job: after }) => {
          expect(after.progress).toBeGreaterThanOrEqual(before.progress);
          expect(RANK[after.status]).toBeGreaterThanOrEqual(RANK[before.status]);
          if (after.segmentsFinal !== true) {
            expect(after.segmentCount).toBeGreaterThanOrEqual(before.segmentCount);
          }
        });
      }),
      RUNS,
    );
  });

  test("the higher attempt wins, and no later word of a lower one counts", () => {
    const arbitrary = fc.tuple(attemptUpdates(1), attemptUpdates(2));
    fc.assert(
      fc.property(arbitrary, ([first, second]) => {
        const begun = deliver(newState(), anUpdate({ attempt: 2, sequence: 1_000 })).state;
        const done = deliverAll(begun, second);
        for (const update of first)
          expect(deliver(done, update)).toEqual({ outcome: "stale", state: done });
      }),
      RUNS,
    );
  });
});

describe("Promise 4: a finished job is finished", () => {
  const LATE_FIELDS = new Set([
    "progress",
    "startedAt",
    "audioInfo",
    "segmentCount",
    "pageCount",
    "updatedAt",
  ]);

  test("after the end only what other updates of the attempt still add may change", () => {
    fc.assert(
      fc.property(delivered, attemptUpdates(2), ({ delivery }, next) => {
        along(newState(), [...delivery, ...next], ({ job: before }, { job: after }) => {
          if (!isTerminal(before.status)) return;
          for (const key of Object.keys(changedFields(before, after))) {
            expect(LATE_FIELDS).toContain(key);
          }
          if (before.status === "completed") expect(after.progress).toBe(100);
        });
      }),
      RUNS,
    );
  });

  test("after its user ended it nothing changes at all, and the answer says ignored", () => {
    fc.assert(
      fc.property(delivered, fc.nat(10), ({ delivery }, cancelAt) => {
        const { job } = delivery
          .slice(0, cancelAt)
          .reduce((state, update) => deliver(state, update).state, newState());
        fc.pre(!isTerminal(job.status));
        const cancelled = { ...job, status: "cancelled" as const, endedBy: "user" as const };
        for (const update of delivery) {
          expect(decide(cancelled, update, 5_000)).toEqual({ kind: "keep", outcome: "ignored" });
        }
      }),
      RUNS,
    );
  });
});
