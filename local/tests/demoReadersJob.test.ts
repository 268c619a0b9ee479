import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { nextUpdate, updateLine } from "../src/demo/curlLines";
import { ReadersJob } from "../src/demo/readersJob";
import { row } from "./demoJobs";

/** What a shell hands to `curl`. */
function shellArguments(line: string): string[] {
  const script = `curl() { for argument in "$@"; do printf '%s\\0' "$argument"; done; }\n${line}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
}

describe("the line to paste", () => {
  test("is one line that a shell reads as it is meant", () => {
    const body = { jobId: "my-job-1", message: `it's $HOME "here" \\ \`x\`` };
    const line = updateLine("http://127.0.0.1:2", "a-key", body);
    expect(line).not.toContain("\n");
    expect(shellArguments(line)).toEqual([
      "-X",
      "POST",
      "http://127.0.0.1:2/updateTranscriptionJob",
      "-H",
      "Authorization: Bearer a-key",
      "-H",
      "Content-Type: application/json",
      "-d",
      JSON.stringify(body),
    ]);
  });
});

describe("the next update", () => {
  test.each([
    ["the first", { status: "pending", progress: 0 }, 25, 1],
    ["the next number", { progress: 25, sequence: 1 }, 50, 2],
    ["from a progress of the reader's own", { progress: 60, sequence: 40 }, 75, 41],
  ] as const)("%s", (_name, fields, progress, sequence) => {
    const update = nextUpdate(row({ jobId: "j", ...fields }));
    expect(update).toMatchObject({ jobId: "j", status: "processing", progress, sequence });
  });

  test.each([75, 99.5])("at %d percent the job is completed", (progress) => {
    expect(nextUpdate(row({ progress, sequence: 3 }))).toMatchObject({
      status: "completed",
      sequence: 4,
    });
  });
});

describe("the reader's job", () => {
  test("is followed until it ends; then the next one is made, once", async () => {
    const made: string[] = [];
    const readers = new ReadersJob({
      name: "my-job",
      fileName: "a.mp3",
      create: ({ jobId }) => {
        made.push(jobId);
        return Promise.resolve();
      },
      line: ({ progress }) => `the line from ${progress}`,
      waitsFor: "Waiting.",
    });
    await readers.begin();
    expect(readers.follow(undefined)).toBeNull();
    const going = row({ jobId: readers.jobId, progress: 30 });
    expect(readers.follow(going)).toBe("the line from 30");

    const ended = row({ jobId: readers.jobId, status: "completed", progress: 100, completedAt: 1 });
    expect(readers.follow(ended)).toBeNull();
    expect(readers.follow(undefined)).toBeNull();
    expect(made).toEqual(["my-job-1", "my-job-2"]);
    expect(readers.jobId).toBe("my-job-2");
  });

  test.each([
    ["is not shown yet", undefined, null],
    ["waits", { status: "pending" }, { status: "pending", message: "Waiting." }],
    [
      "waits for its next line",
      { sequence: 1, stage: "by hand" },
      { status: "pending", stage: "by hand", message: "Waiting." },
    ],
    ["has ended", { status: "failed", completedAt: 1 }, null],
  ] as const)("gives a sign of life when it %s", (_when, fields, sign) => {
    const readers = new ReadersJob({
      name: "my-job",
      fileName: "a.mp3",
      create: () => Promise.resolve(),
      line: () => "",
      waitsFor: "Waiting.",
    });
    readers.follow(fields === undefined ? undefined : row({ jobId: "my-job-0", ...fields }));
    if (sign === null) expect(readers.signOfLife()).toBeNull();
    else expect(readers.signOfLife()).toMatchObject({ jobId: "my-job-0", ...sign });
    expect(readers.signOfLife() ?? {}).not.toHaveProperty("sequence");
  });
});
