import { PAGE_BYTES, PAGE_SEGMENTS } from "./limits.js";
import type { SegmentChunk } from "./validators.js";

/** A page of `count` segments. `segments` is the JSON of their array, `bytes` the sum of theirs in UTF-8. */
export interface SegmentPage {
  page: number;
  offset: number;
  count: number;
  bytes: number;
  segments: string;
}

const EMPTY: SegmentPage = { page: 0, offset: 0, count: 0, bytes: 0, segments: "[]" };

/** Whether the next segment begins a new page. */
function isClosed({ count, bytes }: Pick<SegmentPage, "count" | "bytes">): boolean {
  return count >= PAGE_SEGMENTS || bytes >= PAGE_BYTES;
}

/**
 * The pages that change when segments are appended behind `last` (`null`: there is none yet): the
 * last one if it was open, and new ones. Where pages are cut depends on the whole list alone, so
 * appending one by one or all at once gives the same pages.
 */
export function appendSegments(last: SegmentPage | null, added: SegmentChunk[]): SegmentPage[] {
  const changed: SegmentPage[] = [];
  const { segments: before } = last ?? EMPTY;
  let { page, offset, count, bytes } = last ?? EMPTY;
  let parts: string[] = [];
  const store = () => {
    if (parts.length === 0) return;
    const list = count > parts.length ? [before.slice(1, -1), ...parts] : parts;
    changed.push({ page, offset, count, bytes, segments: `[${list.join(",")}]` });
    parts = [];
  };
  for (const { segments, sizes } of added) {
    for (const [index, segment] of segments.entries()) {
      if (isClosed({ count, bytes })) {
        store();
        [page, offset, count, bytes] = [page + 1, offset + count, 0, 0];
      }
      parts.push(segment);
      count += 1;
      bytes += sizes[index] ?? 0;
    }
  }
  store();
  return changed;
}

/** How many segments a list holds. */
export function segmentCount(list: SegmentChunk[]): number {
  return list.reduce((count, { segments }) => count + segments.length, 0);
}

/** The list without its first segments. */
export function dropFirst(list: SegmentChunk[], count: number): SegmentChunk[] {
  const rest: SegmentChunk[] = [];
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
