import { describe, expect, test } from "vitest";
import {
  areSameRows,
  hasEnded,
  hasNewerRow,
  isAhead,
} from "../../../src/transcription/sync/compareRows";
import {
  composeJobs,
  type Overlay,
  type ShownJobs,
} from "../../../src/transcription/sync/composeJobs";
import { aRow, aWorkerJob, rows } from "./support/rows";

const NOTHING: Overlay = { convex: null, worker: new Map() };
const NO_UPLOADS = new Map();

function ids({ active, finished }: ShownJobs): [string[], string[]] {
  return [active.map(({ jobId }) => jobId), finished.map(({ jobId }) => jobId)];
}

describe("composeJobs", () => {
  const [old, fresh] = [
    aRow({ jobId: "old", _creationTime: 1 }),
    aRow({ jobId: "fresh", _creationTime: 2 }),
  ];
  const done = aRow({ jobId: "done", status: "completed", completedAt: 50, updatedAt: 50 });
  const failed = aRow({ jobId: "failed", status: "failed", completedAt: 60, updatedAt: 60 });

  test("without a fault it shows the rows, newest first, and the same view of the same row", () => {
    const one = composeJobs(rows(old, fresh, done, failed), NOTHING, NO_UPLOADS);
    expect(ids(one)).toEqual([
      ["fresh", "old"],
      ["failed", "done"],
    ]);
    expect([...one.active, ...one.finished].every(({ source }) => source === "convex")).toBe(true);
    const other = composeJobs(rows(old, fresh, done, failed), NOTHING, NO_UPLOADS);
    expect(other.active[0]).toBe(one.active[0]);
    expect(other.finished[1]).toBe(one.finished[1]);
  });

  test("a job that is in both lists has ended", () => {
    const ended = { ...old, status: "completed" as const, completedAt: 9 };
    const shown = composeJobs({ active: [old], finished: [ended] }, NOTHING, NO_UPLOADS);
    expect(ids(shown)).toEqual([[], ["old"]]);
  });

  test("an upload's progress is on the view of an active job alone", () => {
    const upload = { loaded: 1, total: 2 };
    const uploads = new Map([
      ["old", upload],
      ["done", upload],
      ["unknown", upload],
    ]);
    const shown = composeJobs(rows(old, done), NOTHING, uploads);
    expect(shown.active[0]).toMatchObject({ jobId: "old", upload });
    expect(shown.finished[0]).not.toHaveProperty("upload");
  });

  test("what was read over HTTP lies on top: begun, moved, ended and removed jobs", () => {
    const moved = { ...old, progress: 40, updatedAt: 99 };
    const begun = aRow({ jobId: "begun", _creationTime: 9 });
    const ended = { ...fresh, status: "failed" as const, completedAt: 70, updatedAt: 70 };
    const gone = aRow({ jobId: "gone" });
    const overlay = { ...NOTHING, convex: { active: [moved, begun], finished: [ended] } };
    const shown = composeJobs(rows(old, fresh, gone, done), overlay, NO_UPLOADS);
    expect(ids(shown)).toEqual([
      ["begun", "old"],
      ["fresh", "done"],
    ]);
    expect(shown.active[1]).toEqual({ ...moved, source: "convex-http" });
    expect(shown.finished[0]?.source).toBe("convex-http");
    expect(shown.finished[1]?.source).toBe("convex");
  });

  test("a reading that is older than a row does not count for it", () => {
    const overlay = { ...NOTHING, convex: rows({ ...old, updatedAt: 1, progress: 90 }) };
    const shown = composeJobs(rows(old), overlay, NO_UPLOADS);
    expect(shown.active[0]).toEqual({ ...old, source: "convex" });
  });

  test("what the worker says lies on top, and of a job that is not there it counts for nothing", () => {
    const said = aWorkerJob({
      jobId: "old",
      sequence: 1,
      status: "completed",
      progress: 100,
      completedAt: 80,
    });
    const worker = new Map([
      ["old", said],
      ["removed", aWorkerJob({ jobId: "removed" })],
    ]);
    const shown = composeJobs(rows(old, done), { ...NOTHING, worker }, NO_UPLOADS);
    expect(ids(shown)).toEqual([[], ["old", "done"]]);
    expect(shown.finished[0]?.source).toBe("worker");
  });

  test("jobs that ended at the same moment stand by their creation", () => {
    const twin = { ...done, jobId: "twin", _creationTime: 99 };
    expect(ids(composeJobs(rows(done, twin), NOTHING, NO_UPLOADS))[1]).toEqual(["twin", "done"]);
  });
});

describe("compareRows", () => {
  const row = aRow({ updatedAt: 10 });
  const newer = aRow({ updatedAt: 11 });
  const other = aRow({ jobId: "other", updatedAt: 10 });
  const ended = aRow({ updatedAt: 12, status: "completed" });

  test.each([
    ["the same", rows(row), rows(row), { ahead: false, newer: false, ended: false }],
    ["a newer row", rows(newer), rows(row), { ahead: true, newer: true, ended: false }],
    ["an older row", rows(row), rows(newer), { ahead: false, newer: false, ended: false }],
    ["another row", rows(row, other), rows(row), { ahead: true, newer: false, ended: false }],
    ["a row that is gone", rows(), rows(row), { ahead: true, newer: false, ended: true }],
    ["a row that has ended", rows(ended), rows(row), { ahead: true, newer: true, ended: true }],
    ["no finished rows", rows(), rows(ended), { ahead: false, newer: false, ended: false }],
    ["older finished rows", rows(ended), rows(), { ahead: false, newer: false, ended: false }],
  ])("a reading with %s", (_, read, known, expected) => {
    expect(isAhead(read, known)).toBe(expected.ahead);
    expect(hasNewerRow(read, known)).toBe(expected.newer);
    expect(hasEnded(read.active, known)).toBe(expected.ended);
  });

  test("rows are the same only if nothing was pushed in between", () => {
    expect(areSameRows(rows(row, ended), rows(row, ended))).toBe(true);
    expect(areSameRows(rows(row), rows({ ...row }))).toBe(false);
    expect(areSameRows(rows(row), rows(row, ended))).toBe(false);
  });
});
