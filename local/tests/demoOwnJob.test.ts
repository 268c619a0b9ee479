import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { curlLine, nextUpdate, OwnJob } from "../src/demo/ownJob";
import { row } from "./demoJobs";

const ADDRESSES = { url: "http://127.0.0.1:1", siteUrl: "http://127.0.0.1:2", key: "a-key" };

/** What a shell hands to `curl`. */
function shellArguments(line: string): string[] {
  const script = `curl() { for argument in "$@"; do printf '%s\\0' "$argument"; done; }\n${line}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1);
}

describe("the line to paste", () => {
  test("is one line that a shell reads as it is meant", () => {
    const body = { jobId: "my-job-1", message: `it's $HOME "here" \\ \`x\`` };
    const line = curlLine(ADDRESSES.siteUrl, ADDRESSES.key, body);
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
    const own = new OwnJob(({ jobId }) => {
      made.push(jobId);
      return Promise.resolve();
    });
    await own.begin();
    expect(own.follow(undefined, ADDRESSES)).toBeNull();
    expect(own.follow(row({ jobId: own.jobId, progress: 0 }), ADDRESSES)).toContain(
      '"progress":25',
    );

    const ended = row({ jobId: own.jobId, status: "completed", progress: 100, completedAt: 1 });
    expect(own.follow(ended, ADDRESSES)).toBeNull();
    expect(own.follow(undefined, ADDRESSES)).toBeNull();
    expect(made).toEqual(["my-job-1", "my-job-2"]);
    expect(own.jobId).toBe("my-job-2");
  });
});
