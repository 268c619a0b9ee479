import type { FunctionReturnType } from "convex/server";
import type { jobsApi } from "./backend";
import type { Segment } from "./types";

/** A page as Convex gives it: `undefined` while it is on its way, `null` where there is none. */
export type TranscriptPage = FunctionReturnType<typeof jobsApi.transcript> | undefined;

/** What the pages hold that have arrived without a gap from the first one on. */
export interface ReadPages {
  segments: Segment[];
  /** The slices of a text that is too long for the row; empty where there is none. */
  text: string;
  pages: "loading" | "complete";
}

/** Reads the pages of a transcript in their order, as far as they have arrived. */
export function readPages(pages: TranscriptPage[]): ReadPages {
  const segments: Segment[] = [];
  const slices: string[] = [];
  for (const page of pages) {
    if (page === null) return { segments, text: slices.join(""), pages: "complete" };
    if (page === undefined) break;
    segments.push(...page.segments);
    if (page.text !== undefined) slices.push(page.text);
  }
  return { segments, text: slices.join(""), pages: "loading" };
}

/** How many pages to ask for, once those that were asked for have come. */
export function pagesToAskFor(pages: TranscriptPage[]): number {
  return pages.every((page) => page !== null && page !== undefined)
    ? pages.length + Math.min(pages.length, MAX_PAGES_MORE)
    : pages.length;
}

/** Pages that are asked for at first: a short transcript, and the page after it, which is `null`. */
export const FIRST_PAGES = 4;
/** Pages, each 50 segments or 32 KiB: about half a megabyte on its way. */
const MAX_PAGES_MORE = 16;

/** The text of segments, for which the worker gave none. Whisper's begin with their space. */
export function joinSegments(segments: Segment[]): string {
  const hasSpaces = segments.some(({ text }) => text.startsWith(" "));
  const texts = segments.map(({ text }) => (hasSpaces ? text : text.trim()));
  return texts.join(hasSpaces ? "" : " ").trim();
}
