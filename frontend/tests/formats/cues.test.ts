// @vitest-environment node
import { describe, expect, it } from "vitest";
import { toSrt, toVtt } from "../../src/formats";
import type { Segment } from "../../src/transcription/types";
import { parseSrt, parseVtt, type ParsedCue } from "./parsers";

function srt(segments: Segment[]): ParsedCue[] {
  return parseSrt(toSrt({ text: "", segments }));
}

function vtt(segments: Segment[]): ParsedCue[] {
  return parseVtt(toVtt({ text: "", segments }));
}

/** Words that take half a second each, one after the other. */
function spoken(text: string, from = 0): Segment {
  const words = text.split(" ").map((word, index) => ({
    word: ` ${word}`,
    start: from + index / 2,
    end: from + (index + 1) / 2,
  }));
  return { start: from, end: from + words.length / 2, text, words };
}

describe("times", () => {
  it.each([
    ["the beginning", 0, 1, "00:00:00,000 --> 00:00:01,000"],
    ["half a millisecond", 0.0005, 1.0004, "00:00:00,001 --> 00:00:01,000"],
    ["no thousand milliseconds", 0.9996, 59.9999, "00:00:01,000 --> 00:01:00,000"],
    ["a minute that becomes an hour", 3599.9995, 3600.25, "01:00:00,000 --> 01:00:00,250"],
    ["99 hours", 359_999.998, 359_999.999, "99:59:59,998 --> 99:59:59,999"],
    ["100 hours", 359_999.9996, 360_001, "100:00:00,000 --> 100:00:01,000"],
  ])("%s", (_, start, end, times) => {
    expect(toSrt({ text: "", segments: [{ start, end, text: "x" }] })).toBe(
      `1\r\n${times}\r\nx\r\n\r\n`,
    );
    expect(toVtt({ text: "", segments: [{ start, end, text: "x" }] })).toBe(
      `WEBVTT\n\n${times.replaceAll(",", ".")}\nx\n`,
    );
  });

  const one = (start: number, end: number, text = "x"): Segment => ({ start, end, text });
  const cases: [string, Segment[], [number, number][]][] = [
    ["in order of start", [one(5, 6), one(1, 2)], [[1_000, 2_000], [5_000, 6_000]]],
    ["an overlap ends where the next begins", [one(0, 4), one(3, 6)], [[0, 3_000], [3_000, 6_000]]],
    ["two at once take turns", [one(0, 4), one(0, 4)], [[0, 2_000], [2_000, 4_000]]],
    ["one within another", [one(0, 10), one(4, 5)], [[0, 4_000], [4_000, 5_000]]],
    ["no length, with room", [one(3, 3), one(9, 10)], [[3_000, 3_500], [9_000, 10_000]]],
    ["no length, little room", [one(3, 3), one(3.2, 4)], [[3_000, 3_200], [3_200, 4_000]]],
    ["no length, no room", [one(3, 3), one(3, 4)], [[3_000, 3_500], [3_500, 4_000]]],
    ["no length after rounding", [one(3, 3.0001)], [[3_000, 3_500]]],
    ["all at the end", [one(3, 3), one(3, 3), one(3.001, 3.001)], [[3_000, 3_001], [3_001, 3_251], [3_251, 3_751]]],
  ]; // prettier-ignore
  it.each(cases)("%s", (_, segments, times) => {
    expect(srt(segments).map(({ start, end }) => [start, end])).toEqual(times);
    expect(vtt(segments).map(({ start, end }) => [start, end])).toEqual(times);
  });
});

describe("text", () => {
  const cases: [string, Omit<Segment, "start" | "end">, string[], string[]][] = [
    ["blank lines", { text: " a\n\n\r\n b\u2028c\u0085\td " }, ["a b c d"], ["a b c d"]],
    ["control characters", { text: "a\u0000b\u001b[0m\u0007" }, ["ab[0m"], ["ab[0m"]],
    ["half a surrogate pair", { text: "a\ud83db" }, ["a\ufffdb"], ["a\ufffdb"]],
    ["an arrow", { text: "a --> b ---> c" }, ["a → b -→ c"], ["a --> b ---> c"]],
    ["an arrow over lines", { text: "a --\n> b" }, ["a -- > b"], ["a -- > b"]],
    ["times of its own", { text: "1\n00:00:01,000 --> 00:00:02,000\nx" }, ["1 00:00:01,000 → 00:00:02,000 x"], ["1 00:00:01,000 --> 00:00:02,000 x"]],
    ["markup", { text: "<v Bob>&amp;</v> a<b" }, ["<v Bob>&amp;</v> a<b"], ["<v Bob>&amp;</v> a<b"]],
    ["a speaker", { text: "Hi", speaker: " A\n&\n<B> " }, ["A & <B>: Hi"], ["Hi"]],
    ["an empty speaker", { text: "Hi", speaker: " \n" }, ["Hi"], ["Hi"]],
    ["spaces that may not break", { text: "Qui\u00a0? Moi" }, ["Qui\u00a0? Moi"], ["Qui\u00a0? Moi"]],
  ]; // prettier-ignore
  it.each(cases)("%s", (_, segment, inSrt, inVtt) => {
    expect(srt([{ start: 0, end: 1, ...segment }])[0]?.lines).toEqual(inSrt);
    expect(vtt([{ start: 0, end: 1, ...segment }])[0]?.lines).toEqual(inVtt);
  });

  it("that is empty makes no cue, and no gap in the numbers", () => {
    const texts = ["", "a", " \n\u0000", "\u00a0", "b"];
    const segments = texts.map((text, index) => ({ start: index, end: index + 1, text }));
    expect(srt(segments).map(({ lines }) => lines)).toEqual([["a"], ["b"]]);
    expect(toSrt({ text: "", segments: [] })).toBe("");
    expect(toVtt({ text: "", segments: [] })).toBe("WEBVTT\n");
  });

  it("without segments is one cue as long as the recording", () => {
    const [cue] = parseSrt(toSrt({ text: "Hello.", duration: 3.5, segments: [] }));
    expect(cue).toEqual({ start: 0, end: 3_500, speaker: "", lines: ["Hello."] });
    expect(parseVtt(toVtt({ text: "Hello.", segments: [] }))[0]).toMatchObject({ end: 500 });
  });

  it("a speaker's name is escaped in WebVTT, in every cue", () => {
    const text =
      "one two three four five six seven eight nine ten eleven twelve thirteen fourteen 15 16";
    const cues = vtt([{ ...spoken(text), speaker: "A & <B>" }]);
    expect(cues.length).toBeGreaterThan(1);
    expect(new Set(cues.map(({ speaker }) => speaker))).toEqual(new Set(["A & <B>"]));
  });

  it("a comment takes any file name", () => {
    const fileName = "a --> b\n\nWEBVTT\r<c>.mp3";
    const file = toVtt({ text: "", fileName, segments: [{ start: 0, end: 1, text: "x" }] });
    expect(parseVtt(file)).toHaveLength(1);
    expect(file).toContain("NOTE\nFile: a → b WEBVTT <c>.mp3\n\n");
  });
});

describe("lines", () => {
  const lines = (text: string): string[] => srt([{ start: 0, end: 5, text }])[0]?.lines ?? [];

  it.each([
    ["42 characters are one line", "a".repeat(20) + " " + "b".repeat(21), 1],
    ["43 are two", "a".repeat(21) + " " + "b".repeat(21), 2],
    ["a word is never cut", "a".repeat(100), 1],
    ["nor an address", `see https://example.org/${"x".repeat(60)} please`, 3],
    ["more than 84 are as many as it takes", "words ".repeat(50), 8],
    ["21 wide characters are one line", "山".repeat(21), 1],
    ["22 are two", "山".repeat(22), 2],
    ["a family is one character", "👨‍👩‍👧‍👦".repeat(21), 1],
    ["an accent takes no room", "e\u0301".repeat(42), 1],
  ])("%s", (_, text, count) => {
    expect(lines(text)).toHaveLength(count);
    expect(lines(text).join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
  });

  it("two are of about the same length", () => {
    expect(lines("The quick brown fox jumps over the lazy dog again today.")).toEqual([
      "The quick brown fox jumps",
      "over the lazy dog again today.",
    ]);
  });

  it("do not begin with punctuation in Chinese and Japanese", () => {
    for (let length = 15; length < 40; length += 1) {
      const text = `${"山".repeat(length)}。」と「${"川".repeat(20)}`;
      for (const line of lines(text)) expect(line).not.toMatch(/^[。」]|「$/);
    }
  });

  it("break between Thai words, never inside a character", () => {
    const text = "สวัสดีครับวันนี้อากาศดีมากเราจะไปเดินเล่นที่สวนสาธารณะกันนะครับ";
    expect(lines(text).length).toBe(2);
    expect(lines(text).join("")).toBe(text);
    for (const line of lines(text)) expect(line).not.toMatch(/^\p{M}/u);
  });

  it("never cut a character of many code units", () => {
    const text = "漢👩‍👩‍👧‍👦字🇩🇪と👍🏽".repeat(12);
    const characters = (part: string) => Array.from(new Intl.Segmenter().segment(part)).length;
    const total = lines(text).reduce((sum, line) => sum + characters(line), 0);
    expect(lines(text).length).toBeGreaterThan(1);
    expect(total).toBe(characters(text));
  });
});

describe("a long segment", () => {
  const text =
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen " +
    "sixteen seventeen eighteen nineteen twenty.";

  it("with word times becomes cues that can be read", () => {
    const cues = srt([spoken(text, 100)]);
    expect(cues.flatMap(({ lines }) => lines).join(" ")).toBe(text);
    expect(cues[0]?.start).toBe(100_000);
    expect(cues.at(-1)?.end).toBe(110_000);
    for (const { start, end, lines } of cues) {
      expect(end - start).toBeLessThanOrEqual(7_000);
      expect(lines.length).toBeLessThanOrEqual(2);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(42);
      // A word's own beginning.
      const first = lines[0]?.split(" ")[0] ?? "";
      expect(start).toBe(100_000 + text.split(" ").indexOf(first) * 500);
    }
  });

  it("without them stays whole", () => {
    expect(srt([{ start: 0, end: 10, text }])).toHaveLength(1);
    expect(srt([{ start: 0, end: 60, text: "Hello there." }])).toEqual([
      { start: 0, end: 60_000, speaker: "", lines: ["Hello there."] },
    ]);
  });

  it("is cut where its speaker pauses", () => {
    const words = [
      { word: "Well", start: 0, end: 0.4 },
      { word: "I", start: 8, end: 8.2 },
      { word: "think", start: 8.2, end: 8.6 },
      { word: "so", start: 8.6, end: 9 },
    ];
    expect(srt([{ start: 0, end: 9, text: "Well I think so", words }])).toEqual([
      { start: 0, end: 400, speaker: "", lines: ["Well"] },
      { start: 8_000, end: 9_000, speaker: "", lines: ["I think so"] },
    ]);
  });

  it("keeps its own text where the words lack punctuation, or are not in it at all", () => {
    const quoted = `“${text.replaceAll(" ", ", ")}”`;
    const { words = [], ...segment } = spoken(text);
    const known = srt([{ ...segment, text: quoted, words }]);
    expect(known.length).toBeGreaterThan(1);
    expect(known.flatMap(({ lines }) => lines).join(" ")).toBe(quoted);
    const foreign = words.map((word) => ({ ...word, word: "☃" }));
    expect(srt([{ ...segment, words: foreign }])).toHaveLength(1);
  });

  it("in Chinese is cut between its words", () => {
    const parts = ["今天", "天气", "很好，", "我们", "一起", "去", "公园", "散步。"];
    const all = [...parts, ...parts, ...parts];
    const words = all.map((word, index) => ({ word, start: index / 2, end: (index + 1) / 2 }));
    const cues = srt([{ start: 0, end: 12, text: all.join(""), words }]);
    expect(cues.length).toBeGreaterThan(1);
    expect(cues.flatMap(({ lines }) => lines).join("")).toBe(all.join(""));
    for (const { lines } of cues) expect(lines.join("")).toMatch(/^(今天|我们|去|一起|公园|天气)/);
  });
});
