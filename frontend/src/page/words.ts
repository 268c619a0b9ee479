import type { TranscriptionError } from "../transcription/errors";
import type { JobView } from "../transcription/types";
import type { UploadLimits } from "./checkFile";
import { knownFailure } from "./knownFailures";
import type { Text } from "./i18n";
import type { Formats } from "./i18n/format";

const QUEUE_PLACE = /^Waiting in the queue, place (\d+)$/;
/** What the worker says besides its stage where it has nothing to add to it. */
const SAME_AS_STAGE = new Set(["Reading the audio file", "Transcribing"]);

/** A job's name for people. */
export function nameOf(job: JobView, { t }: Text): string {
  return job.fileName === undefined || job.fileName === "" ? t.active.unnamed : job.fileName;
}

/** The step that a job is in; an unknown one as the worker calls it. */
export function stageOf(job: JobView, { t }: Text): string {
  if (job.upload !== undefined) return t.stages.uploading;
  const { stage } = job;
  if (stage === undefined) return t.status[job.status];
  const known: Partial<Record<string, string>> = t.stages;
  return (Object.hasOwn(known, stage) ? known[stage] : undefined) ?? stage;
}

/** What a job is doing: its step, and what the worker says about it where that is more. */
export function stateOf(job: JobView, text: Text): string {
  const { message } = job;
  const stage = stageOf(job, text);
  if (message === undefined || SAME_AS_STAGE.has(message)) return stage;
  const place = QUEUE_PLACE.exec(message)?.[1];
  if (place !== undefined) return text.t.messages.queuePlace(text.format.number(Number(place)));
  return `${stage} · ${message}`;
}

/** What went wrong, in the page's language where its code is known. */
export function errorText(error: TranscriptionError, { t }: Text): string {
  const known: Partial<Record<string, string>> = t.errors;
  return (Object.hasOwn(known, error.code) ? known[error.code] : undefined) ?? error.message;
}

/** Why a job failed, `null` where it did not. What is said in English anyway stays as it came. */
export function failureOf(job: JobView, { t, language }: Text): string | null {
  const { error } = job;
  if (error === undefined) return null;
  const known = knownFailure(error);
  if (known === null) return error;
  return language === "en" && known !== "neverArrived" ? error : t.failures[known];
}

/** The kinds of files that are taken, as people write them. */
export function formatNames({ formats }: UploadLimits, format: Formats): string {
  return format.list(formats.map((name) => name.toUpperCase()));
}
