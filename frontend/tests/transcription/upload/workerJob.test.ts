import { describe, expect, test } from "vitest";
import { parseWorkerJob } from "../../../src/transcription/upload/workerJob";

const SMALL = {
  jobId: "job-1",
  status: "processing",
  progress: 12.5,
  attempt: 2,
  updatedAt: 1_760_000_001_000,
  createdAt: 1_760_000_000_000,
  segmentCount: 3,
};
const FULL = {
  ...SMALL,
  status: "completed",
  progress: 100,
  stage: "transcribing",
  message: "Transcribing",
  fileName: "talk.flac",
  fileSize: 123,
  audioInfo: { duration: 13.7, sampleRate: 16_000, channels: 1, format: "flac", sizeBytes: 123 },
  result: { language: "en", duration: 13.7, model: "m", text: "Good morning.", textLength: 13 },
  error: "none",
  startedAt: 1_760_000_000_500,
  completedAt: 1_760_000_001_000,
  estimatedTimeRemaining: 0,
  sequence: 0,
  endedBy: "worker",
};

describe("what the worker tells of a job", () => {
  test.each([SMALL, FULL])("is taken as it is", (body) => {
    expect(parseWorkerJob(body)).toEqual(body);
  });

  test.each([
    ["jobId", undefined],
    ["jobId", ""],
    ["jobId", "a b"],
    ["jobId", 7],
    ["status", "running"],
    ["status", undefined],
    ["progress", -1],
    ["progress", 100.5],
    ["progress", "50"],
    ["progress", NaN],
    ["progress", null],
    ["attempt", 0],
    ["attempt", 1.5],
    ["attempt", 2 ** 53],
    ["attempt", undefined],
    ["updatedAt", 0],
    ["updatedAt", Infinity],
    ["updatedAt", "2026-01-01T00:00:00Z"],
    ["updatedAt", undefined],
  ])("is nothing with %s = %j", (key, value) => {
    expect(parseWorkerJob({ ...FULL, [key]: value })).toBeNull();
  });

  test.each([undefined, null, "text", 5, true, [], [SMALL], {}])("is nothing with %j", (body) => {
    expect(parseWorkerJob(body)).toBeNull();
  });

  test.each([
    ["stage", 5],
    ["message", null],
    ["fileName", {}],
    ["fileSize", -1],
    ["audioInfo", "flac"],
    ["audioInfo", null],
    ["result", []],
    ["error", 1],
    ["startedAt", 0],
    ["completedAt", 8.64e15 + 1],
    ["estimatedTimeRemaining", -0.5],
    ["sequence", 0.5],
    ["sequence", -1],
    ["endedBy", "nobody"],
  ])("is without %s where that is %j", (key, value) => {
    const { [key]: _, ...rest } = FULL as Record<string, unknown>;
    const job = parseWorkerJob({ ...FULL, [key]: value });
    expect(job).toEqual(rest);
    expect(Object.keys(job ?? {})).not.toContain(key);
  });

  test("drops unknown keys, and bad ones within", () => {
    const body = {
      ...FULL,
      userId: "somebody",
      pageCount: 4,
      _id: "x",
      audioInfo: { ...FULL.audioInfo, channels: -1, codec: "x" },
      result: { ...FULL.result, language: 5, segments: [] },
    };
    const { channels: _c, ...audioInfo } = FULL.audioInfo;
    const { language: _l, ...result } = FULL.result;
    expect(parseWorkerJob(body)).toEqual({ ...FULL, audioInfo, result });
  });

  test("has no keys for what is absent", () => {
    expect(Object.keys(parseWorkerJob(SMALL) ?? {}).sort()).toEqual(Object.keys(SMALL).sort());
  });

  test("fills in what the row must have", () => {
    const { createdAt: _c, segmentCount: _s, ...rest } = SMALL;
    const job = parseWorkerJob({ ...rest, result: { text: "abc" } });
    expect(job).toMatchObject({ createdAt: SMALL.updatedAt, segmentCount: 0 });
    expect(job?.result).toEqual({ text: "abc", textLength: 3 });
  });
});
