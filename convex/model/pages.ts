import { PAGE_BYTES, PAGE_SEGMENTS } from "./limits";
import { utf8Length } from "./text";
import type { Segment } from "./validators";

/** A page of segments before it is stored. `bytes` is the segments' JSON in UTF-8. */
export interface SegmentPage {
  page: number;
  offset: number;
  bytes: number;
  segments: Segment[];
}

/** Bytes of one segment's JSON in UTF-8. */
export function segmentBytes(segment: Segment): number {
  return utf8Length(JSON.stringify(segment));
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
export function appendSegments(last: SegmentPage | null, segments: Segment[]): SegmentPage[] {
  const changed: SegmentPage[] = [];
  let open: SegmentPage | null = null;
  let next =
    last === null
      ? { page: 0, offset: 0 }
      : { page: last.page + 1, offset: last.offset + last.segments.length };
  if (last !== null && !isClosed(last) && segments.length > 0) {
    open = { ...last, segments: [...last.segments] };
    changed.push(open);
  }
  for (const segment of segments) {
    if (open === null) {
      open = { ...next, bytes: 0, segments: [] };
      changed.push(open);
    }
    open.segments.push(segment);
    open.bytes += segmentBytes(segment);
    if (isClosed(open)) {
      next = { page: open.page + 1, offset: open.offset + open.segments.length };
      open = null;
    }
  }
  return changed;
}

/** A whole list of segments as pages. */
export function cutPages(segments: Segment[]): SegmentPage[] {
  return appendSegments(null, segments);
}
