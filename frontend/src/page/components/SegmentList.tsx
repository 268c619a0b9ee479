import { useRef, type KeyboardEvent, type ReactNode } from "react";
import { useVirtualizer } from "@tanstack/react-virtual";
import type { Segment } from "../../transcription/types";
import { clockTime } from "../i18n/format";
import { useText } from "../i18n/TextProvider";
import { rowsOf } from "../virtualRows";

interface SegmentListProps {
  segments: readonly Segment[];
  /** Whether more will come: a reader who is at the end then stays there. */
  isGrowing: boolean;
}

/** Pixels; rows are measured once they are there. */
const ROW_HEIGHT = 48;
/** Pixels before the first row and after the last. */
const PADDING = { paddingStart: 16, paddingEnd: 32 };
/** Rows out of sight above and below. */
const OVERSCAN = 8;

/** A transcript's segments; only those in sight are in the document. */
export function SegmentList({ segments, isGrowing }: SegmentListProps): ReactNode {
  const { t } = useText();
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- the React compiler is not in use
  const virtualizer = useVirtualizer<HTMLDivElement, HTMLLIElement>({
    count: segments.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    ...PADDING,
    rangeExtractor: (range) => rowsOf(range, null),
    anchorTo: isGrowing ? "end" : "start",
    followOnAppend: isGrowing,
    useFlushSync: false,
  });
  const jump = (event: KeyboardEvent): void => {
    if (event.key !== "End") return;
    // The browser's own way there stops where rows turn out taller than estimated.
    event.preventDefault();
    virtualizer.scrollToIndex(segments.length - 1, { align: "end" });
  };
  return (
    <div
      ref={scroller}
      onKeyDown={jump}
      className="panel-scroll"
      tabIndex={0}
      role="region"
      aria-label={t.transcript.list}
    >
      <ol className="segments" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ key, index, start }) => {
          const segment = segments[index];
          return (
            segment && (
              <li
                key={key}
                ref={virtualizer.measureElement}
                className="segment"
                data-index={index}
                aria-posinset={index + 1}
                aria-setsize={segments.length}
                style={{ transform: `translateY(${start}px)` }}
              >
                <SegmentWords segment={segment} before={segments[index - 1]} />
              </li>
            )
          );
        })}
      </ol>
    </div>
  );
}

interface SegmentWordsProps {
  segment: Segment;
  before: Segment | undefined;
}

function SegmentWords({ segment, before }: SegmentWordsProps): ReactNode {
  const { start, speaker, text } = segment;
  return (
    <>
      <span className="time">{clockTime(start)}</span>
      <div className="segment-words">
        {speaker !== undefined && speaker !== before?.speaker && (
          <p className="speaker" dir="auto">
            {speaker}
          </p>
        )}
        <p dir="auto">{text.trim()}</p>
      </div>
    </>
  );
}
