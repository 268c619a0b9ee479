import type { Transcript } from "../formats";
import type { JobView, Segment } from "../transcription/types";

/** A job's transcript as the formats take it. */
export function transcriptOf(job: JobView, text: string, segments: Segment[]): Transcript {
  const { language, model } = job.result ?? {};
  const duration = durationOf(job);
  return {
    ...(job.fileName !== undefined && { fileName: job.fileName }),
    ...(language !== undefined && { language }),
    ...(model !== undefined && { model }),
    ...(duration !== undefined && { duration }),
    text,
    segments,
  };
}

/** How long a recording is, in seconds. */
export function durationOf(job: JobView): number | undefined {
  return job.result?.duration ?? job.audioInfo?.duration;
}
