import { useEffect, useRef, useState, type FocusEvent, type ReactNode } from "react";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import type { JobView } from "../../transcription/types";
import { useText } from "../i18n/TextProvider";
import { useOffsetTop } from "../useOffsetTop";
import { rowsOf } from "../virtualRows";
import { HistoryRow } from "./HistoryRow";

interface HistoryListProps {
  jobs: readonly JobView[];
  /** How many there are with those that have not been loaded; `null` where that is not known. */
  total: number | null;
  canLoadMore: boolean;
  loadMore: (count: number) => void;
}

/** Pixels; rows are measured once they are there. */
const ROW_HEIGHT = 77;
/** Rows out of sight above and below. */
const OVERSCAN = 6;
/** Jobs that are loaded at a time, and how many rows before the end that happens. */
const LOAD = 50;
const LOAD_BEFORE_END = 15;

/** The list of ended jobs; only the rows in sight are in the document. */
export function HistoryList({ jobs, total, canLoadMore, loadMore }: HistoryListProps): ReactNode {
  const { t } = useText();
  const list = useRef<HTMLUListElement>(null);
  const [focusedJob, setFocusedJob] = useState<string | null>(null);
  const focused = jobs.findIndex((job) => job.jobId === focusedJob);
  const scrollMargin = useOffsetTop(list);
  const virtualizer = useWindowVirtualizer<HTMLLIElement>({
    count: jobs.length,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    getItemKey: (index) => jobs[index]?.jobId ?? index,
    scrollMargin,
    rangeExtractor: (range) => rowsOf(range, focused === -1 ? null : focused),
    useFlushSync: false,
  });
  const rows = virtualizer.getVirtualItems();
  const isNearEnd = (rows.at(-1)?.index ?? 0) >= jobs.length - LOAD_BEFORE_END;
  useEffect(() => {
    if (isNearEnd && canLoadMore) loadMore(LOAD);
  }, [isNearEnd, canLoadMore, loadMore]);
  useEffect(() => {
    // The job was removed with the button in its row, and the focus with it.
    const isLost = focusedJob !== null && focused === -1;
    if (isLost && document.activeElement === document.body) list.current?.focus();
  }, [focusedJob, focused]);
  const noteFocus = ({ target }: FocusEvent): void => {
    setFocusedJob(target.closest<HTMLElement>("[data-job-id]")?.dataset["jobId"] ?? null);
  };
  return (
    <ul
      ref={list}
      className="rows"
      tabIndex={-1}
      aria-label={t.history.list}
      style={{ height: virtualizer.getTotalSize() }}
      onFocus={noteFocus}
    >
      {rows.map(({ key, index, start }) => {
        const job = jobs[index];
        return (
          job && (
            <li
              key={key}
              ref={virtualizer.measureElement}
              className="row"
              data-index={index}
              data-job-id={job.jobId}
              data-status={job.status}
              aria-posinset={index + 1}
              aria-setsize={total ?? -1}
              style={{ transform: `translateY(${start - scrollMargin}px)` }}
            >
              <HistoryRow job={job} />
            </li>
          )
        );
      })}
    </ul>
  );
}
