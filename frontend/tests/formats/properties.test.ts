// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toJson, toSrt, toText, toVtt } from "../../src/formats";
import type { Segment } from "../../src/transcription/types";
import { parseSrt, parseVtt, type ParsedCue } from "./parsers";

const seconds = fc.oneof(
  fc.double({ min: 0, max: 400_000, noNaN: true }),
  // Close together, so that they meet.
  fc.integer({ min: 0, max: 20 }).map((half) => half / 2),
  fc.integer({ min: 0, max: 30 }).map((tenth) => tenth / 10_000),
);
const nasty = fc.constantFrom("-->", "->", ">", "<v Bob>", "&amp;", "&", "\n\n", "\r\n", "\u2028", "\0", "1", "WEBVTT", "NOTE x", "00:00:01,000 --> 00:00:02,000", "漢字。「仮名」", "สวัสดีครับ", "שלום", "👩‍👩‍👧‍👦", "e\u0301", " ", "\u00a0", "\ud83d", "word,", "end."); // prettier-ignore
const text = fc
  .array(fc.oneof(nasty, fc.string(), fc.string({ unit: "grapheme" })), { maxLength: 30 })
  .chain((parts) => fc.constantFrom("", " ").map((glue) => parts.join(glue)));

const segment: fc.Arbitrary<Segment> = fc
  .record({
    start: seconds,
    length: seconds,
    text,
    speaker: fc.option(text, { nil: undefined }),
    timed: fc.boolean(),
    wordTimes: fc.array(seconds, { minLength: 1, maxLength: 5 }),
  })
  .map(({ start, length, text, speaker, timed, wordTimes }) => ({
    start,
    end: start + length,
    text,
    ...(speaker !== undefined && { speaker }),
    ...(timed && {
      words: text.split(/\s/).map((word, index) => {
        const at = start + (wordTimes[index % wordTimes.length] ?? 0);
        return { word, start: at, end: at + (length * index) / 10 };
      }),
    }),
  }));
const segments = fc.array(segment, { maxLength: 12 });

/** Every character that can be seen, in an order that does not depend on that of the cues. */
function seen(...texts: string[]): string[] {
  // eslint-disable-next-line no-control-regex -- what no format keeps
  const invisible = /[\s\u0000-\u001f\u007f-\u009f]/gu;
  const text = texts.join(" ").toWellFormed().replaceAll("-->", "→").replace(invisible, "");
  return Array.from(text).sort();
}

function isInOrder(cues: ParsedCue[]): boolean {
  return cues.every(({ start, end }, index) => {
    return start < end && end <= (cues[index + 1]?.start ?? Infinity);
  });
}

describe("whatever the segments are", () => {
  it("SRT can be read, goes forward, and keeps every word", () => {
    fc.assert(
      fc.property(segments, (segments) => {
        const unlabelled = segments.map(({ speaker: _, ...rest }) => rest);
        const cues = parseSrt(toSrt({ text: "", segments: unlabelled }));
        expect(isInOrder(cues)).toBe(true);
        expect(seen(...cues.flatMap(({ lines }) => lines))).toEqual(
          seen(...segments.map(({ text }) => flat(text))),
        );
        expect(isInOrder(parseSrt(toSrt({ text: "", segments })))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("WebVTT can be read, goes forward, and keeps every word and speaker", () => {
    fc.assert(
      fc.property(segments, (segments) => {
        const cues = parseVtt(toVtt({ text: "", segments }));
        expect(isInOrder(cues)).toBe(true);
        expect(seen(...cues.flatMap(({ lines }) => lines).map(flat))).toEqual(
          seen(...segments.map(({ text }) => flat(text))),
        );
        const speakers = segments.filter(({ text }) => seen(text).length > 0);
        expect(new Set(cues.map(({ speaker }) => seen(speaker).join("")))).toEqual(
          new Set(speakers.map(({ speaker = "" }) => seen(flat(speaker)).join(""))),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("one segment's words keep their order", () => {
    fc.assert(
      fc.property(segment, ({ speaker: _, ...segment }) => {
        const cues = parseVtt(toVtt({ text: "", segments: [segment] }));
        const written = cues.flatMap(({ lines }) => lines).join(" ");
        const bare = (line: string) => flat(line).replace(/\s/gu, "");
        expect(bare(written)).toBe(bare(segment.text));
      }),
      { numRuns: 500 },
    );
  });

  it("TXT ends with one line break and keeps every word", () => {
    fc.assert(
      fc.property(segments, (segments) => {
        const unlabelled = segments.map(({ speaker: _, ...rest }) => rest);
        const file = toText({ text: "", segments: unlabelled });
        expect(file).toMatch(/(^|[^\n])\n$/);
        expect(seen(file)).toEqual(seen(...segments.map(({ text }) => `${flat(text)}\n`)));
      }),
    );
  });

  it("JSON keeps all of it", () => {
    fc.assert(
      fc.property(segments, (segments) => {
        const { segments: read } = JSON.parse(toJson({ text: "", segments })) as {
          segments: (Segment & { id: number })[];
        };
        // JSON has no negative zero.
        const plain = JSON.parse(JSON.stringify(segments)) as Segment[];
        expect(read).toEqual(plain.map((segment, id) => ({ id, ...segment })));
      }),
    );
  });
});

/** One line without the characters that no format keeps; `\0` must not make an arrow of its sides. */
function flat(text: string): string {
  // eslint-disable-next-line no-control-regex -- what no format keeps
  return text.toWellFormed().replace(/[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f]/g, "");
}
