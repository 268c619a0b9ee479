import { isFinished, type Job, type JobView } from "./job";
import type { Look } from "./paint";
import { clock, duration, oneLine } from "./text";

const MARKS: Record<Job["status"], { mark: string; look: Look }> = {
  pending: { mark: "○", look: "dim" },
  processing: { mark: "●", look: "cyan" },
  completed: { mark: "✔", look: "green" },
  failed: { mark: "✖", look: "red" },
  cancelled: { mark: "■", look: "yellow" },
};

/** What there is to say of an active job whose worker says nothing. */
const NO_MESSAGE = { pending: "no worker has reported on it yet", processing: "" };

/** The sign and the colour of a status. */
export function markOf({ status }: Pick<Job, "status">): { mark: string; look: Look } {
  return MARKS[status];
}

/** What a job is doing, in a word: the step it is in, or how it ended. */
export function stateOf(job: Job): string {
  return isFinished(job) ? job.status : oneLine(job.stage ?? job.status);
}

/** Whole percent; 100 only where nothing is left. */
export function percentOf({ progress }: Pick<Job, "progress">): string {
  return `${Math.floor(progress)} %`;
}

/** How long it will take, or took. */
export function timeOf({ estimatedTimeRemaining, startedAt, completedAt }: Job): string {
  if (completedAt !== undefined) {
    return startedAt === undefined ? "" : `took ${duration((completedAt - startedAt) / 1000)}`;
  }
  return estimatedTimeRemaining === undefined
    ? ""
    : `${duration(Math.max(1, estimatedTimeRemaining))} left`;
}

/** The line below a job: how it ended, else the words heard last, else what the worker says. */
export function detailOf({ job, lastText }: JobView): { kind: "fact" | "words"; text: string } {
  const { status, error, result, audioInfo, endedBy, message } = job;
  switch (status) {
    case "failed":
      return { kind: "fact", text: oneLine(error ?? "") };
    case "cancelled": {
      const who = endedBy === "user" ? "cancelled by its user" : "cancelled by the worker";
      return { kind: "fact", text: `${who}; ${segments(job)} kept` };
    }
    case "completed": {
      const length = result?.duration ?? audioInfo?.duration;
      const facts = [
        length === undefined ? undefined : `${clock(length)} of speech`,
        result?.language,
        job.segmentCount === 0 ? undefined : segments(job),
        result === undefined ? undefined : `${result.textLength} characters`,
      ];
      return { kind: "fact", text: facts.filter((fact) => fact !== undefined).join(", ") };
    }
    default:
      if (job.stalledAt !== undefined) return { kind: "fact", text: "no news from the worker" };
      return lastText === ""
        ? { kind: "fact", text: oneLine(message ?? NO_MESSAGE[status]) }
        : { kind: "words", text: oneLine(lastText) };
  }
}

function segments({ segmentCount }: Job): string {
  return segmentCount === 1 ? "1 segment" : `${segmentCount} segments`;
}
