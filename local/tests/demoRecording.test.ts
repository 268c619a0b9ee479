import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { expectedEnds } from "../src/demo/expectedEnd";
import {
  parseRecording,
  recordedJobs,
  updateBody,
  type RecordedEvent,
} from "../src/demo/recording";

const CREATE = `{"at":0,"job":"a","call":"create","fileName":"a.mp3","fileSize":1}`;
const update = (at: number, fields: string): string =>
  `{"at":${at},"job":"a","update":{"status":"processing",${fields}}}`;

describe("reading", () => {
  test("blank lines do not count, events keep their order", () => {
    const text = `${CREATE}\n\n${update(5, `"sequence":0`)}\n{"at":9,"job":"a","call":"cancel"}\n`;
    expect(parseRecording(text)).toEqual([
      { at: 0, job: "a", call: "create", fileName: "a.mp3", fileSize: 1 },
      { at: 5, job: "a", call: "update", update: { status: "processing", sequence: 0 } },
      { at: 9, job: "a", call: "cancel" },
    ]);
  });

  test.each([
    ["not JSON", `${CREATE}\n{`, /Line 2: it is not JSON/],
    ["no time", `{"job":"a","call":"cancel"}`, /Line 1: "at"/],
    ["a negative time", `{"at":-1,"job":"a","call":"cancel"}`, /Line 1: "at"/],
    ["no label", `{"at":0,"call":"cancel"}`, /"job"/],
    ["an unknown call", `{"at":0,"job":"a","call":"remove"}`, /"create" or "cancel"/],
    ["a create without a file", `{"at":0,"job":"a","call":"create"}`, /"fileName"/],
    ["time runs backwards", `${CREATE.replace("0", "7")}\n${update(5, `"sequence":0`)}`, /Line 2/],
    ["an update before the create", update(5, `"sequence":0`), /created once, at first/],
    ["a second create", `${CREATE}\n${CREATE}`, /Line 2: .*created once/],
    ["no sequence", `${CREATE}\n${update(5, `"progress":1`)}`, /"sequence"/],
    ["its own job", `${CREATE}\n${update(5, `"sequence":0,"jobId":"x"`)}`, /must not name a job/],
    [
      "absolute times",
      `${CREATE}\n${update(5, `"sequence":0,"timestamps":{"startedAt":1760000000000}`)}`,
      /since the recording's start/,
    ],
  ])("%s is an error that names the line", (_name, text, message) => {
    expect(() => parseRecording(text)).toThrow(message);
  });

  test("times are moved into the replay's time, the rest is sent as recorded", () => {
    const recorded = { status: "processing", sequence: 3, progress: 7 } as const;
    expect(updateBody("j", recorded, 1_000)).toEqual({ jobId: "j", ...recorded });
    expect(updateBody("j", { ...recorded, timestamps: { startedAt: 250 } }, 1_000)).toEqual({
      jobId: "j",
      ...recorded,
      timestamps: { startedAt: 1_250 },
    });
  });
});

describe("how jobs have to end", () => {
  const created: RecordedEvent = { at: 0, job: "a", call: "create", fileName: "f", fileSize: 1 };
  const at = (
    fields: Partial<Extract<RecordedEvent, { call: "update" }>["update"]>,
  ): RecordedEvent => ({
    at: 1,
    job: "a",
    call: "update",
    update: { status: "processing", sequence: 0, ...fields },
  });
  const live = at({ progress: 40, segments: { offset: 2, items: [{}, {}, {}] } });

  test("completed: 100 percent, and the segments of the result", () => {
    const end = at({ status: "completed", result: { text: "t", segments: [{}] } });
    expect(expectedEnds([created, live, end]).get("a")).toMatchObject({
      status: "completed",
      endedBy: "worker",
      progress: 100,
      segmentCount: 1,
      text: "t",
    });
  });

  test("failed: what it had, and the error", () => {
    const end = at({ status: "failed", error: "no" });
    expect(expectedEnds([created, live, end]).get("a")).toMatchObject({
      status: "failed",
      progress: 40,
      segmentCount: 5,
      error: "no",
    });
  });

  test("cancelled by its user: later updates count for nothing", () => {
    const events = [created, live, { at: 2, job: "a", call: "cancel" } as const];
    const ended = expectedEnds([...events, at({ progress: 90 })]).get("a");
    expect(ended).toMatchObject({ status: "cancelled", endedBy: "user", progress: 40 });
  });

  test("a job that does not end is an error", () => {
    expect(() => expectedEnds([created, live])).toThrow("Job a of the recording does not end");
  });
});

describe("the recording that is shipped", () => {
  const events = parseRecording(
    readFileSync(new URL("../demo/session.jsonl", import.meta.url), "utf8"),
  );
  const updatesOf = (label: string) =>
    events.flatMap((event) =>
      event.call === "update" && event.job === label ? [{ at: event.at, ...event.update }] : [],
    );

  test("three jobs at once: one completes, one fails, one is cancelled by its user", () => {
    const ends = [...expectedEnds(events).values()];
    expect(ends.map(({ status }) => status).sort()).toEqual(["cancelled", "completed", "failed"]);
    for (const { progress, status } of ends) {
      if (status !== "completed") expect(Math.abs(progress - 50)).toBeLessThan(10);
    }
    const starts = recordedJobs(events).map((label) => updatesOf(label)[0]?.at ?? Infinity);
    expect(Math.max(...starts)).toBeLessThan(5_000);
  });

  test("it takes 15 to 30 seconds", () => {
    const length = events.at(-1)?.at ?? 0;
    expect(length).toBeGreaterThan(15_000);
    expect(length).toBeLessThan(30_000);
  });

  test.each(recordedJobs(events))("job %s is numbered and its segments have no gap", (label) => {
    const updates = updatesOf(label);
    // Waiting updates that were replaced by newer ones took their numbers with them.
    const numbers = updates.map(({ sequence }) => sequence);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    let next = 0;
    for (const { segments } of updates) {
      if (segments === undefined) continue;
      expect(segments.offset).toBe(next);
      next += segments.items.length;
    }
    expect(next).toBeGreaterThan(label === "a" ? 10 : 2);
  });

  test.each(recordedJobs(events))("job %s keeps to the worker's pace", (label) => {
    const updates = updatesOf(label).filter(({ segments }) => segments !== undefined);
    for (const [index, { at, progress = 0 }] of updates.slice(1).entries()) {
      // The worker's second, give or take the way to the backend.
      expect(at - (updates[index]?.at ?? 0)).toBeGreaterThan(900);
      expect(progress - (updates[index]?.progress ?? 0)).toBeGreaterThanOrEqual(2);
    }
  });
});
