import { describe, expect, test } from "vitest";
import { storableText } from "../../../src/transcription/upload/text";
import { isStorable } from "../../../../convex/transcription/model/text";
import * as backend from "../../../../convex/transcription/model/limits";
import { MAX_ERROR_LENGTH, MAX_FILE_NAME_LENGTH } from "../../../src/transcription/upload/text";
import { randomId } from "../../../src/transcription/upload/randomId";

describe("a text for Convex", () => {
  test.each([
    ["talk.mp3", 8, "talk.mp3"],
    ["talk.mp3", 4, "talk"],
    ["", 4, ""],
    ["ab😀", 4, "ab😀"],
    ["ab😀", 3, "ab"],
    ["ab😀c", 4, "ab😀"],
    ["a\ud83d", 4, "a\ufffd"],
    ["\ude00b", 4, "\ufffdb"],
    ["a\ud83d", 2, "a\ufffd"],
    ["a\0b\0", 4, "a\ufffdb\ufffd"],
  ])("%j of at most %i units is %j", (text, length, expected) => {
    const stored = storableText(text, length);
    expect(stored).toBe(expected);
    expect(isStorable(stored)).toBe(true);
  });

  test("has the backend's limits", () => {
    expect(MAX_FILE_NAME_LENGTH).toBe(backend.MAX_FILE_NAME_LENGTH);
    expect(MAX_ERROR_LENGTH).toBe(backend.MAX_ERROR_LENGTH);
  });
});

test("random ids are UUIDs of version 4, each another", () => {
  const ids = Array.from({ length: 1_000 }, randomId);
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});
