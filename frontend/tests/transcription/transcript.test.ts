import { expect, test } from "vitest";
import {
  FIRST_PAGES,
  joinSegments,
  pagesToAskFor,
  readPages,
  type TranscriptPage,
} from "../../src/transcription/transcript";

function page(offset: number, texts: string[], text?: string): TranscriptPage {
  const segments = texts.map((words, at) => ({
    start: offset + at,
    end: offset + at + 1,
    text: words,
  }));
  return { offset, segments, ...(text !== undefined && { text }) };
}

const [first, second] = [page(0, ["a", "b"], "a b"), page(2, ["c"], " c")];

test.each<[string, TranscriptPage[], string[], string, "loading" | "complete"]>([
  ["nothing yet", [undefined, undefined], [], "", "loading"],
  ["no transcript", [null, null], [], "", "complete"],
  ["all of it", [first, second, null], ["a", "b", "c"], "a b c", "complete"],
  ["a page that is on its way", [first, undefined, null], ["a", "b"], "a b", "loading"],
  ["a gap: what lies behind it waits", [undefined, second, null], [], "", "loading"],
  ["more than was asked for", [first, second], ["a", "b", "c"], "a b c", "loading"],
  ["what came in behind the end is nothing", [first, null, second], ["a", "b"], "a b", "complete"],
])("pages with %s", (_, pages, texts, text, state) => {
  const read = readPages(pages);
  expect(read.segments.map((segment) => segment.text)).toEqual(texts);
  expect(read).toMatchObject({ text, pages: state });
});

test("more pages are asked for, each time twice as many but 16 at most, until one is missing", () => {
  const full = (count: number): TranscriptPage[] => Array.from({ length: count }, () => first);
  const asked = [FIRST_PAGES];
  while (asked.length < 6) asked.push(pagesToAskFor(full(asked.at(-1) ?? 0)));
  expect(asked).toEqual([4, 8, 16, 32, 48, 64]);
  expect(pagesToAskFor([...full(7), undefined])).toBe(8);
  expect(pagesToAskFor([...full(7), null])).toBe(8);
});

test.each([
  [["Hello", "there."], "Hello there."],
  [[" Hello", " there", "fore."], "Hello therefore."],
  [["Hello ", "there. "], "Hello there."],
  [[], ""],
])("segments %j are joined as %j", (texts, joined) => {
  expect(joinSegments(texts.map((text) => ({ start: 0, end: 1, text })))).toBe(joined);
});
