import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appendSegments, type SegmentPage } from "../../convex/transcription/model/pages";
import { cutText, isStorable, utf8Length } from "../../convex/transcription/model/text";
import type { Segment } from "../../convex/transcription/model/validators";
import { segments } from "../support/backend";
import { anUpdate, NEW_JOB, sized } from "../support/deliveries";
import { decide } from "../../convex/transcription/model/decide";

const segment = (textLength: number): Segment => ({
  start: 0,
  end: 1,
  text: "x".repeat(textLength),
});
const cutPages = (list: Segment[]) => appendSegments(null, sized(list));
const segmentsOf = (page: SegmentPage) => JSON.parse(page.segments) as Segment[];
const sizes = (pages: SegmentPage[]) => pages.map((page) => segmentsOf(page).length);

describe("pages of segments", () => {
  test("are closed by the fiftieth segment", () => {
    expect(sizes(cutPages(segments(0, 120)))).toEqual([50, 50, 20]);
    expect(sizes(cutPages(segments(0, 50)))).toEqual([50]);
    expect(cutPages([])).toEqual([]);
  });

  test("are closed by the segment that brings them to 32 KiB", () => {
    const overhead = JSON.stringify(segment(0)).length;
    const half = segment(16 * 1024 - overhead);
    expect(sizes(cutPages([half, half, half]))).toEqual([2, 1]);
    const less = segment(16 * 1024 - overhead - 1);
    expect(sizes(cutPages([less, less, less]))).toEqual([3]);
    expect(sizes(cutPages([segment(60_000), segment(1)]))).toEqual([1, 1]);
  });

  test("are the same whether segments come one by one or all at once", () => {
    const list = fc.array(fc.integer({ min: 0, max: 20_000 }).map(segment), { maxLength: 130 });
    fc.assert(
      fc.property(list, fc.array(fc.nat(40)), (all, cuts) => {
        const pages: SegmentPage[] = [];
        let rest = all;
        for (const cut of [...cuts, all.length]) {
          for (const page of appendSegments(pages.at(-1) ?? null, sized(rest.slice(0, cut)))) {
            pages[page.page] = page;
          }
          rest = rest.slice(cut);
        }
        expect(pages).toEqual(cutPages(all));
        expect(pages.flatMap(segmentsOf)).toEqual(all);
        expect(pages.map((page) => page.count)).toEqual(sizes(pages));
        expect(pages.map((page) => page.page)).toEqual(pages.map((_, index) => index));
        for (const page of pages) {
          expect(page.bytes).toBe(
            segmentsOf(page).reduce((sum, s) => sum + utf8Length(JSON.stringify(s)), 0),
          );
        }
      }),
    );
  });

  test("leave the page that they append to as it was", () => {
    const [last] = cutPages(segments(0, 3));
    const before = structuredClone(last);
    appendSegments(last ?? null, sized(segments(3, 3)));
    expect(last).toEqual(before);
  });
});

describe("text", () => {
  const anyText = fc.string({ unit: "binary", maxLength: 300 });

  test("is measured as UTF-8 encodes it", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });

  test("is cut into slices that fit, fill up and never split a character", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 4, max: 64 }), (text, maxBytes) => {
        const slices = cutText(text, maxBytes);
        expect(slices.join("")).toBe(text);
        for (const [index, slice] of slices.entries()) {
          expect(slice.isWellFormed()).toBe(true);
          expect(utf8Length(slice)).toBeLessThanOrEqual(maxBytes);
          if (index < slices.length - 1) expect(utf8Length(slice)).toBeGreaterThan(maxBytes - 4);
        }
      }),
    );
  });

  test.each([
    ["plain", true],
    ["🎧 ñ", true],
    ["", true],
    ["a\0b", false],
    ["\ud83c", false],
    ["\udfa7\ud83c", false],
  ])("%j is storable: %s", (text, expected) => {
    expect(isStorable(text)).toBe(expected);
  });
});

test("4 MiB of the smallest segments are decided on and cut in a moment", () => {
  const list = Array.from({ length: 17 }, () => ({
    segments: Array.from({ length: 8_192 }, () => '{"start":0,"end":1,"text":""}'),
    sizes: Array.from({ length: 8_192 }, () => 29),
  }));
  const update = anUpdate({ status: "completed", result: { segments: list } });
  const before = performance.now();
  const decision = decide(NEW_JOB, update, 2_000);
  if (decision.kind !== "apply") throw new Error("it was not applied");
  const pages = appendSegments(null, decision.transcript.replace ?? []);
  // A tenth of this on a quiet machine; cutting twice, or measuring again, would take longer.
  expect(performance.now() - before).toBeLessThan(400);
  expect(pages).toHaveLength(Math.ceil((17 * 8_192) / 50));
});
