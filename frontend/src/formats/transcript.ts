import type { Segment } from "../transcription/types";

/** A finished transcript, as the formats write it. */
export interface Transcript {
  /** Of the recording: `interview.mp3`. */
  fileName?: string;
  /** As the engine names it: `en`. */
  language?: string;
  model?: string;
  /** Seconds. */
  duration?: number;
  /** The whole text. */
  text: string;
  /** Times in seconds; may be empty. */
  segments: Segment[];
}

/** The segments in the order in which they begin. */
export function inOrder(segments: readonly Segment[]): Segment[] {
  return [...segments].sort((one, other) => one.start - other.start);
}
