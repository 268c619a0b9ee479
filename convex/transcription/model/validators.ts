import { type Infer, v } from "convex/values";

/** The shapes that the database and the functions share, each written once. */

export const status = v.union(
  v.literal("pending"),
  v.literal("processing"),
  v.literal("completed"),
  v.literal("failed"),
  v.literal("cancelled"),
);
export type Status = Infer<typeof status>;

/** Times in seconds from the start of the audio, confidence 0–1. */
export const word = v.object({
  word: v.string(),
  start: v.number(),
  end: v.number(),
  confidence: v.optional(v.number()),
});
export type Word = Infer<typeof word>;

/** Times in seconds from the start of the audio, confidence 0–1. */
export const segment = v.object({
  start: v.number(),
  end: v.number(),
  text: v.string(),
  speaker: v.optional(v.string()),
  confidence: v.optional(v.number()),
  words: v.optional(v.array(word)),
});
export type Segment = Infer<typeof segment>;

/** Seconds, hertz, a count, a name such as `mp3`, bytes. */
export const audioInfo = v.object({
  duration: v.optional(v.number()),
  sampleRate: v.optional(v.number()),
  channels: v.optional(v.number()),
  format: v.optional(v.string()),
  sizeBytes: v.optional(v.number()),
});
export type AudioInfo = Infer<typeof audioInfo>;

/** What the row keeps of a result; `text` is whole up to 1 KiB, else its beginning. */
export const resultSummary = v.object({
  language: v.optional(v.string()),
  duration: v.optional(v.number()),
  model: v.optional(v.string()),
  text: v.optional(v.string()),
  textLength: v.number(),
});
export type ResultSummary = Infer<typeof resultSummary>;

/**
 * Segments on the way to the mutation, each as the JSON that the endpoint made of it and that is
 * stored as it is: to make Convex values of the 140,000 that a body may hold, and JSON of them
 * again, would take half of the mutation's second. `sizes` are the bytes of each in UTF-8. An array
 * may hold 8,192 elements at most, so a list comes in several of these.
 */
export const segmentChunk = v.object({ segments: v.array(v.string()), sizes: v.array(v.number()) });
export type SegmentChunk = Infer<typeof segmentChunk>;

/** One update as the mutation takes it: a request's body, checked, with times as epoch milliseconds. */
export const update = v.object({
  jobId: v.string(),
  attempt: v.number(),
  sequence: v.optional(v.number()),
  userId: v.optional(v.string()),
  status,
  progress: v.optional(v.number()),
  stage: v.optional(v.string()),
  message: v.optional(v.string()),
  estimatedTimeRemaining: v.optional(v.number()),
  startedAt: v.optional(v.number()),
  completedAt: v.optional(v.number()),
  audioInfo: v.optional(audioInfo),
  error: v.optional(v.string()),
  errorCode: v.optional(v.string()),
  live: v.optional(v.object({ offset: v.number(), items: v.array(segmentChunk) })),
  result: v.optional(
    v.object({
      language: v.optional(v.string()),
      duration: v.optional(v.number()),
      model: v.optional(v.string()),
      text: v.optional(v.string()),
      segments: v.optional(v.array(segmentChunk)),
    }),
  ),
});
export type Update = Infer<typeof update>;

/** What became of an accepted update; see README, "What an update does". */
export const outcome = v.union(
  v.literal("applied"),
  v.literal("duplicate"),
  v.literal("ignored"),
  v.literal("stale"),
);
export type Outcome = Infer<typeof outcome>;

/** The mutation's answer: the row afterwards, or why nothing was changed. */
export const updateAnswer = v.union(
  v.object({
    ok: v.literal(true),
    jobId: v.string(),
    outcome,
    status,
    progress: v.number(),
    attempt: v.number(),
    sequence: v.union(v.number(), v.null()),
  }),
  v.object({
    ok: v.literal(false),
    code: v.union(v.literal("job_not_found"), v.literal("user_mismatch"), v.literal("segment_gap")),
    expected: v.optional(v.number()),
  }),
);
export type UpdateAnswer = Infer<typeof updateAnswer>;
