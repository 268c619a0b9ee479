import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { JobEvents } from "../../src/transcription/jobEvents";
import { isFinished } from "../../src/transcription/jobStatus";
import { composeJobs, type ShownJobs } from "../../src/transcription/sync/composeJobs";
import type { Job, JobView } from "../../src/transcription/types";
import { histories } from "./sync/support/history";
import { aRow, aWorkerJob, rows } from "./sync/support/rows";

function shownOf(...jobs: Job[]): ShownJobs {
  return composeJobs(rows(...jobs), { convex: null, worker: new Map() }, new Map());
}

/** Events, and what they told as lines: `complete a`. */
function listen() {
  const told: string[] = [];
  const tell = (event: string) => (job: JobView) => void told.push(`${event} ${job.jobId}`);
  const callbacks = {
    onJobComplete: tell("complete"),
    onJobError: tell("error"),
    onJobProgress: tell("progress"),
  };
  const events = new JobEvents();
  return {
    told,
    see: (jobs: Job[], isHistoryKnown = true) => {
      events.observe(shownOf(...jobs), isHistoryKnown, callbacks);
    },
  };
}

const active = aRow({ jobId: "a", status: "processing", progress: 10 });
const ended = (jobId: string, completedAt: number, status: Job["status"] = "completed"): Job =>
  aRow({ jobId, status, completedAt, updatedAt: completedAt });

test.each<[string, Job[][], string[]]>([
  ["what is there at first", [[active, ended("z", 5)]], []],
  ["a new job", [[], [active]], []],
  ["progress", [[active], [{ ...active, progress: 11 }]], ["progress a"]],
  ["a stage", [[active], [{ ...active, stage: "decoding" }]], ["progress a"]],
  ["a message", [[active], [{ ...active, message: "2 before you" }]], ["progress a"]],
  ["a new attempt", [[active], [{ ...active, attempt: 2 }]], ["progress a"]],
  ["only a new time", [[active], [{ ...active, updatedAt: 99, sequence: 9 }]], []],
  ["an end", [[active], [ended("a", 50)], [ended("a", 50)]], ["complete a"]],
  ["a failure", [[active], [ended("a", 50, "failed")]], ["error a"]],
  ["a cancellation", [[active], [ended("a", 50, "cancelled")]], []],
  [
    "a job that began and ended unseen",
    [[ended("z", 5)], [ended("a", 50), ended("z", 5)]],
    ["complete a"],
  ],
  ["older ones by scrolling", [[ended("z", 5)], [ended("z", 5), ended("y", 4, "failed")]], []],
  [
    "one that is active again for a moment",
    [[active], [ended("a", 50)], [active], [ended("a", 50)]],
    ["complete a"],
  ],
])("%s", (_, looks, expected) => {
  const { told, see } = listen();
  for (const jobs of looks) {
    see(jobs);
    see(jobs);
  }
  expect(told).toEqual(expected);
});

test("before the history is known, a job that was active here is told, another is not", () => {
  const { told, see } = listen();
  see([active], false);
  see([ended("a", 50), ended("z", 5)], false);
  expect(told).toEqual(["complete a"]);
  see([ended("a", 50), ended("z", 5)]);
  see([ended("a", 50), ended("z", 5)]);
  expect(told).toEqual(["complete a"]);
});

test("a job that ends while the history is loading is told", () => {
  const { told, see } = listen();
  see([active], false);
  see([ended("a", 50), ended("z", 5)]);
  expect(told).toEqual(["complete a"]);
});

test("an end that the worker told is not told again when Convex catches up", () => {
  const onJobComplete = vi.fn();
  const events = new JobEvents();
  const done = aWorkerJob({
    jobId: "a",
    status: "completed",
    progress: 100,
    sequence: 3,
    completedAt: 40,
  });
  const said = { convex: null, worker: new Map([["a", done]]) };
  events.observe(shownOf(active), true, { onJobComplete });
  events.observe(composeJobs(rows(active), said, new Map()), true, { onJobComplete });
  events.observe(shownOf(ended("a", 50)), true, { onJobComplete });
  expect(onJobComplete).toHaveBeenCalledOnce();
  expect(onJobComplete).toHaveBeenCalledWith(expect.objectContaining({ source: "worker" }));
});

test("in whatever order and however often a job's views are seen, its end is told once", () => {
  fc.assert(
    fc.property(histories, fc.array(fc.nat(50), { maxLength: 60 }), ({ rows: known }, order) => {
      const { told, see } = listen();
      const looks = [known[0], ...order.map((at) => known[at % known.length]), known.at(-1)];
      for (const row of looks) if (row !== undefined) see([row]);
      const ends = told.filter((event) => !event.startsWith("progress"));
      const status = known.at(-1)?.status;
      const first = { completed: ["complete job"], failed: ["error job"] };
      const expected = status === "completed" || status === "failed" ? first[status] : [];
      expect(ends).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});

test("in their order, each change of an active job is told once", () => {
  fc.assert(
    fc.property(histories, fc.array(fc.integer({ min: 1, max: 3 })), ({ rows: known }, times) => {
      const { told, see } = listen();
      for (const [at, row] of known.entries()) {
        for (let time = 0; time < (times[at] ?? 1); time += 1) see([row]);
      }
      const seen = known.filter((row) => !isFinished(row));
      const changes = seen.filter((row, at) => at > 0 && visible(row) !== visible(seen[at - 1]));
      expect(told.filter((event) => event === "progress job")).toHaveLength(changes.length);
    }),
    { numRuns: 2_000 },
  );
});

function visible(row: Job | undefined): string {
  return JSON.stringify([row?.attempt, row?.status, row?.progress, row?.stage, row?.message]);
}
