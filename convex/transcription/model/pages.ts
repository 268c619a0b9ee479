import type { Infer } from "convex/values";
import { PAGE_BYTES, PAGE_SEGMENTS } from "./limits.js";
import type { Segment, sizedSegments } from "./validators.js";

/** Segments with the bytes of each one's JSON in UTF-8: `sizes[i]` belongs to `segments[i]`. */
export type SizedSegments = Infer<typeof sizedSegments>;

/** A page of segments before it is stored. `bytes` is the segments' JSON in UTF-8. */
export interface SegmentPage {
  page: number;
  offset: number;
  bytes: number;
  segments: Segment[];
}

/** Whether the next segment begins a new page. */
export function isClosed(page: SegmentPage): boolean {
  return page.segments.length >= PAGE_SEGMENTS || page.bytes >= PAGE_BYTES;
}

/**
 * The pages that change when segments are appended behind `last` (`null`: there is none yet): the
 * last one if it was open, and new ones. Where pages are cut depends on the whole list alone, so
 * appending one by one or all at once gives the same pages.
 */
export function appendSegments(last: SegmentPage | null, added: SizedSegments[]): SegmentPage[] {
  const changed: SegmentPage[] = [];
  let open: SegmentPage | null = null;
  let next =
    last === null
      ? { page: 0, offset: 0 }
      : { page: last.page + 1, offset: last.offset + last.segments.length };
  if (last !== null && !isClosed(last) && segmentCount(added) > 0) {
    open = { ...last, segments: [...last.segments] };
    changed.push(open);
  }
  for (const { segments, sizes } of added) {
    for (const [index, segment] of segments.entries()) {
      if (open === null) {
        open = { ...next, bytes: 0, segments: [] };
        changed.push(open);
      }
      open.segments.push(segment);
      open.bytes += sizes[index] ?? 0;
      if (isClosed(open)) {
        next = { page: open.page + 1, offset: open.offset + open.segments.length };
        open = null;
      }
    }
  }
  return changed;
}

/** How many segments a list holds. */
export function segmentCount(list: SizedSegments[]): number {
  return list.reduce((count, { segments }) => count + segments.length, 0);
}

/** The list without its first segments. */
export function dropFirst(list: SizedSegments[], count: number): SizedSegments[] {
  const rest: SizedSegments[] = [];
  let skipped = 0;
  for (const { segments, sizes } of list) {
    const drop = Math.min(Math.max(0, count - skipped), segments.length);
    if (drop < segments.length) {
      rest.push({ segments: segments.slice(drop), sizes: sizes.slice(drop) });
    }
    skipped += segments.length;
  }
  return rest;
}
