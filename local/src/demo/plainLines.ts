import { detailOf, percentOf, stateOf, timeOf } from "./describe";
import { jobName, type JobView } from "./job";
import { fit, oneLine } from "./text";

/**
 * The jobs that changed between two states of the subscription, one line each, for output that is
 * not a terminal.
 * @param elapsed milliseconds since the start
 */
export function plainLines(before: JobView[], now: JobView[], elapsed: number): string[] {
  const known = new Map(before.map((view) => [view.job.jobId, view.job.updatedAt]));
  return now
    .filter(({ job }) => known.get(job.jobId) !== job.updatedAt)
    .map((view) => plainLine(view, elapsed));
}

function plainLine(view: JobView, elapsed: number): string {
  const { job } = view;
  const { kind, text } = detailOf(view);
  return [
    `${(elapsed / 1000).toFixed(1)} s`.padStart(8),
    fit(oneLine(jobName(job)), 22),
    fit(stateOf(job), 12),
    percentOf(job).padStart(5),
    fit(timeOf(job), 11),
    kind === "words" ? `“${text}”` : text,
  ]
    .join("  ")
    .trimEnd();
}
