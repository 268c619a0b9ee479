import { detailOf, percentOf, stateOf, timeOf } from "./describe";
import { jobName, type JobView } from "./job";
import { fit, oneLine } from "./text";

/**
 * The jobs that changed between two states of the subscription, one line each, for output that is
 * not a terminal. A sign of life that says nothing new is none.
 * @param elapsed milliseconds since the start
 */
export function plainLines(before: JobView[], now: JobView[], elapsed: number): string[] {
  const known = new Map(before.map((view) => [view.job.jobId, view]));
  const hasChanged = (view: JobView): boolean => {
    const last = known.get(view.job.jobId);
    return (
      last === undefined ||
      (last.job.updatedAt !== view.job.updatedAt && plainLine(last) !== plainLine(view))
    );
  };
  return now
    .filter(hasChanged)
    .map((view) => `${`${(elapsed / 1000).toFixed(1)} s`.padStart(8)}  ${plainLine(view)}`);
}

function plainLine(view: JobView): string {
  const { job } = view;
  const { kind, text } = detailOf(view);
  return [
    fit(oneLine(jobName(job)), 22),
    fit(stateOf(job), 12),
    percentOf(job).padStart(5),
    fit(timeOf(job), 11),
    kind === "words" ? `“${text}”` : text,
  ]
    .join("  ")
    .trimEnd();
}
