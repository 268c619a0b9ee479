import { describe, expect, test } from "vitest";
import type { ExpectedEnd } from "../src/demo/expectedEnd";
import { endProblems, stepsBack, Witness } from "../src/demo/witness";
import { row } from "./demoJobs";

describe("promise 3, nothing runs backwards", () => {
  test.each([
    ["progress rises", row({ progress: 40 }), row({ progress: 41 }), []],
    ["the same again", row(), row(), []],
    ["pending to processing", row({ status: "pending" }), row(), []],
    ["processing to failed", row(), row({ status: "failed" }), []],
    ["a new attempt begins at 0", row(), row({ attempt: 2, progress: 0, status: "pending" }), []],
    ["progress falls", row(), row({ progress: 49 }), [/progress fell from 50 to 49/]],
    ["processing to pending", row(), row({ status: "pending" }), [/from processing to pending/]],
    [
      "a failed job completes",
      row({ status: "failed" }),
      row({ status: "completed" }),
      [/to compl/],
    ],
    ["a cancelled job goes on", row({ status: "cancelled" }), row(), [/to processing/]],
  ])("%s", (_name, before, now, problems) => {
    expect(stepsBack(before, now)).toEqual(
      problems.map((problem) => expect.stringMatching(problem) as string),
    );
  });
});

describe("the end of a job", () => {
  const expected: ExpectedEnd = {
    fileName: "a.mp3",
    status: "failed",
    endedBy: "worker",
    progress: 50,
    segmentCount: 3,
    error: "no",
    steps: 4,
  };
  const ended = row({
    fileName: "a.mp3",
    status: "failed",
    endedBy: "worker",
    segmentCount: 3,
    error: "no",
    completedAt: 1,
  });

  test("as expected", () => {
    expect(endProblems(ended, expected)).toEqual([]);
  });

  test.each([
    ["status", { status: "completed" as const }, 'status is "completed", not "failed"'],
    ["who", { endedBy: "user" as const }, 'endedBy is "user", not "worker"'],
    ["progress", { progress: 49 }, "progress is 49, not 50"],
    ["segments", { segmentCount: 2 }, "segmentCount is 2, not 3"],
    ["error", { error: "other" }, 'error is "other", not "no"'],
    ["text", { result: { textLength: 1, text: "x" } }, 'result.text is "x", not missing'],
  ])("%s differs", (_name, difference, problem) => {
    expect(endProblems({ ...ended, ...difference }, expected)).toEqual([`a.mp3: ${problem}.`]);
  });

  test("a job that was never shown, or shown only at its end, is told", () => {
    const witness = new Witness();
    expect(witness.compare("job-1", expected)).toEqual([
      "a.mp3: the subscription never showed it.",
    ]);
    witness.see([ended]);
    expect(witness.compare("job-1", expected)).toEqual([
      "a.mp3: the subscription showed 1 of 4 steps.",
    ]);
    expect(witness.faults).toEqual([]);
  });

  test("the end is seen when the last of the jobs has ended", () => {
    const witness = new Witness();
    witness.see([ended, row({ jobId: "job-2" })]);
    expect(witness.sawEndOf(["job-1"])).toBe(true);
    expect(witness.sawEndOf(["job-1", "job-2"])).toBe(false);
    expect(witness.sawEndOf(["job-1", "job-3"])).toBe(false);
  });

  test("what went backwards stays known", () => {
    const witness = new Witness();
    for (const progress of [10, 30, 20, 40]) witness.see([row({ progress })]);
    expect(witness.faults).toEqual(["job-1: progress fell from 30 to 20."]);
  });
});
