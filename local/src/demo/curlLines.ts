import type { Job } from "./job";

/** Percent that one pasted line moves a job by: four lines from start to end. */
const STEP = 25;

/** The update that moves a job on, with the number that comes next. */
export function nextUpdate(job: Job): object {
  const { jobId } = job;
  const sequence = (job.sequence ?? 0) + 1;
  const progress = Math.floor(job.progress / STEP) * STEP + STEP;
  return progress < 100
    ? { jobId, status: "processing", progress, sequence, stage: "by hand" }
    : { jobId, status: "completed", sequence, result: { text: "Every page saw it at once." } };
}

/**
 * What a worker says of a job that waits: it is not forgotten. Without a number, so that the line that
 * the reader is shown stays the right one.
 */
export function signOfLife({ jobId, stage }: Job, message: string): object {
  return { jobId, status: "pending", ...(stage !== undefined && { stage }), message };
}

/** A line for any POSIX shell that sends one update, as a worker does. */
export function updateLine(siteUrl: string, key: string, body: object): string {
  return [
    `curl -X POST ${new URL("/updateTranscriptionJob", siteUrl).href}`,
    `-H 'Authorization: Bearer ${key}'`,
    `-H 'Content-Type: application/json'`,
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
