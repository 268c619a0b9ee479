// @vitest-environment node
import fc from "fast-check";
import { expect, it } from "vitest";
import { fileNameFor, FORMATS, type FormatName } from "../../src/formats";

const cases: [string | undefined, string][] = [
  ["interview.final.mp3", "interview.final.srt"],
  ["interview", "interview.srt"],
  ["Meeting 1.2", "Meeting 1.2.srt"],
  ["voice.3GP", "voice.srt"],
  [undefined, "transcript.srt"],
  ["", "transcript.srt"],
  [".mp3", "transcript.srt"],
  ["...", "transcript.srt"],
  ["..\\..\\etc/passwd.wav", "passwd.srt"],
  ["C:\\talks\\a.wav", "a.srt"],
  ['a<b>:"|?*c.mp3', "a_b______c.srt"],
  ["a\u0000b\nc.mp3", "ab c.srt"],
  ["  .hidden. .mp3", "hidden.srt"],
  ["con.mp3", "_con.srt"],
  ["Aux.final.mp3", "_Aux.final.srt"],
  ["com1 .mp3", "_com1.srt"],
  ["LPT¹", "_LPT¹.srt"],
  ["console.mp3", "console.srt"],
  ["talk\u202egpj.exe.mp3", "talkgpj.exe.srt"],
  ["人生.mp3", "人生.srt"],
  ["مقابلة.mp3", "مقابلة.srt"],
  [`${"a".repeat(300)}.mp3`, `${"a".repeat(200)}.srt`],
  [`${"👩‍👩‍👧‍👦".repeat(40)}.mp3`, `${"👩‍👩‍👧‍👦".repeat(8)}.srt`],
  ["a\ud83d.mp3", "a_.srt"],
];

it.each(cases)("%j becomes %j", (fileName, expected) => {
  expect(fileNameFor(fileName, "srt")).toBe(expected);
});

it("every name is safe, and stays what it is when it is used again", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (fileName) => {
      const name = fileNameFor(fileName, "vtt");
      expect(name).toMatch(/^[^. ].*\.vtt$/su);
      // eslint-disable-next-line no-control-regex -- control characters are what must not be there
      expect(name).not.toMatch(/[<>:"/\\|?*\u0000-\u001f]|[. ]\.vtt$/);
      expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(205);
      expect(fileNameFor(name, "vtt")).toBe(name);
    }),
    { numRuns: 1_000 },
  );
});

it.each(Object.entries(FORMATS))(
  "%s is complete",
  (name, { label, extension, mimeType, write }) => {
    expect(label).not.toBe("");
    expect(fileNameFor("a.mp3", name as FormatName)).toBe(`a.${extension}`);
    expect(mimeType).toMatch(/^[a-z]+\/[a-z-]+(;charset=utf-8)?$/);
    expect(write({ text: "Hello.", segments: [{ start: 0, end: 1, text: "Hello." }] })).toContain(
      "Hello.",
    );
  },
);
