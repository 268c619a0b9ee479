// @vitest-environment node
import { describe, expect, it } from "vitest";
import { FORMATS } from "../../src/formats";
import type { Segment } from "../../src/transcription/types";

/** Three hours of speech. */
function threeHours(sentence: string[], glue: string): Segment[] {
  return Array.from({ length: 6_000 }, (_, index) => {
    const start = index * 1.8;
    const step = 1.8 / sentence.length;
    return {
      start,
      end: start + 1.8,
      text: sentence.join(glue),
      speaker: index % 20 < 10 ? "Ann" : "Bo",
      words: sentence.map((word, at) => ({
        word,
        start: start + at * step,
        end: start + (at + 1) * step,
      })),
    };
  });
}

// Each takes a fraction of a second; one that grew with the square would meet the test's time-out.
describe("three hours in 6,000 segments", () => {
  it.each([
    ["English", threeHours("and so we went on to the next town by the sea".split(" "), " ")],
    ["vocalised Arabic", threeHours("كَانَ ٱلطَّقْسُ جَمِيلًا فِي ذٰلِكَ ٱلْيَوْمِ".split(" "), " ")],
    ["Chinese", threeHours(["今天", "天气", "很好，", "我们", "去", "公园", "散步。"], "")],
    ["Thai", threeHours(["สวัสดี", "ครับ", "วันนี้", "อากาศ", "ดี", "มาก"], "")],
    ["one moment", threeHours(["no", "times"], " ").map((one) => ({ ...one, start: 0, end: 0 }))],
  ])("%s", (_, segments) => {
    for (const { write } of Object.values(FORMATS)) {
      expect(write({ text: "", segments }).length).toBeGreaterThan(6_000);
    }
  });
});
