import { isFinished, type Job } from "./job";
import { recordedJobs, type RecordedEvent } from "./recording";

/** How a job of the recording has to end. */
export interface ExpectedEnd {
  fileName: string;
  status: Job["status"];
  endedBy: "user" | "worker";
  progress: number;
  segmentCount: number;
  error?: string;
  text?: string;
  /** How many different values of progress there were on the way. */
  steps: number;
}

/**
 * How each job of a recording has to end, by label: what came before the user's `cancel`, else
 * before the first terminal update and with it.
 * @throws Error when a job does not end
 */
export function expectedEnds(events: RecordedEvent[]): Map<string, ExpectedEnd> {
  return new Map(
    recordedJobs(events).map((label) => [
      label,
      expectedEnd(
        label,
        events.filter(({ job }) => job === label),
      ),
    ]),
  );
}

function expectedEnd(label: string, events: RecordedEvent[]): ExpectedEnd {
  const seen = { fileName: label, progress: 0, segmentCount: 0 };
  const steps = new Set<number>();
  for (const event of events) {
    if (event.call === "create") seen.fileName = event.fileName;
    if (event.call === "cancel") {
      return { ...seen, status: "cancelled", endedBy: "user", steps: steps.size };
    }
    if (event.call !== "update") continue;
    const { status, progress, segments, result, error } = event.update;
    seen.progress = status === "completed" ? 100 : Math.max(seen.progress, progress ?? 0);
    steps.add(seen.progress);
    if (segments !== undefined) {
      seen.segmentCount = Math.max(seen.segmentCount, segments.offset + segments.items.length);
    }
    if (!isFinished({ status })) continue;
    return {
      ...seen,
      segmentCount: result?.segments?.length ?? seen.segmentCount,
      status,
      endedBy: "worker",
      steps: steps.size,
      ...(error !== undefined && { error }),
      ...(result?.text !== undefined && { text: result.text }),
    };
  }
  throw new Error(`Job ${label} of the recording does not end.`);
}
