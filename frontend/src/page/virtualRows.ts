import { defaultRangeExtractor, type Range } from "@tanstack/react-virtual";

/** Rows of one list that are in the document at the same time, however tall the window is. */
export const MAX_ROWS = 60;

/**
 * The rows to render: those in sight and a few around them, and the one that holds the keyboard's
 * focus (`kept`), which would be lost with it.
 */
export function rowsOf(range: Range, kept: number | null): number[] {
  const rows = defaultRangeExtractor(range).slice(0, MAX_ROWS - 1);
  if (kept === null || kept >= range.count || rows.includes(kept)) return rows;
  return [...rows, kept].sort((one, other) => one - other);
}
