import * as z from "zod/v4/mini";
import {
  ERROR_CODE_PATTERN,
  JOB_ID_PATTERN,
  MAX_ARRAY_LENGTH,
  MAX_ERROR_LENGTH,
  MAX_FORMAT_LENGTH,
  MAX_LANGUAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  MAX_MODEL_LENGTH,
  MAX_SEGMENT_BYTES,
  MAX_SPEAKER_LENGTH,
  MAX_STAGE_LENGTH,
  MAX_UPDATES,
  MAX_USER_ID_LENGTH,
  MAX_WORDS_PER_SEGMENT,
} from "../model/limits.js";
import { isTerminal } from "../model/status.js";
import { utf8Length } from "../model/text.js";
import {
  type Segment,
  type SegmentChunk,
  type Status,
  status as statusValidator,
  type Word,
} from "../model/validators.js";
import {
  asArray,
  type Collection,
  fraction,
  list,
  nonNegative,
  nullIsAbsent,
  text,
} from "./forms.js";
import { timestamp } from "./timestamp.js";

/** Segments as the mutation takes them. Each one's JSON is made here and nowhere else. */
function chunks(): Collection<Segment, SegmentChunk[]> {
  const list: SegmentChunk[] = [];
  const add = (segment: Segment) => {
    const json = JSON.stringify(segment);
    const bytes = utf8Length(json);
    if (bytes > MAX_SEGMENT_BYTES) return "takes more than 64 KiB as JSON; split it";
    let last = list[list.length - 1];
    if (last === undefined || last.segments.length === MAX_ARRAY_LENGTH) {
      last = { segments: [], sizes: [] };
      list.push(last);
    }
    last.segments.push(json);
    last.sizes.push(bytes);
    return null;
  };
  return { list, add };
}

const endsAfterStart = z.check<{ start: number; end: number }>((context) => {
  const { start, end } = context.value;
  if (end >= start) return;
  const message = `must not be before start (${start})`;
  context.issues.push({ code: "custom", input: end, path: ["end"], message });
});

const word = nullIsAbsent(
  z
    .object({
      word: text(),
      start: nonNegative,
      end: nonNegative,
      confidence: z.optional(fraction),
    })
    .check(endsAfterStart),
);

const segment = nullIsAbsent(
  z
    .object({
      start: nonNegative,
      end: nonNegative,
      text: text(),
      speaker: z.optional(text(MAX_SPEAKER_LENGTH)),
      confidence: z.optional(fraction),
      words: z.optional(list(word, asArray<Word>, MAX_WORDS_PER_SEGMENT)),
    })
    .check(endsAfterStart),
) satisfies z.ZodMiniType<Segment>;
const segments = list(segment, chunks);

const result = nullIsAbsent(
  z.object({
    text: z.optional(text()),
    language: z.optional(text(MAX_LANGUAGE_LENGTH)),
    duration: z.optional(nonNegative),
    model: z.optional(text(MAX_MODEL_LENGTH)),
    segments: z.optional(segments),
  }),
);

const audioInfo = nullIsAbsent(
  z.strictObject({
    duration: z.optional(nonNegative),
    sampleRate: z.optional(nonNegative),
    channels: z.optional(nonNegative),
    format: z.optional(text(MAX_FORMAT_LENGTH)),
    sizeBytes: z.optional(nonNegative),
  }),
);

const timestamps = nullIsAbsent(
  z.strictObject({
    createdAt: z.optional(timestamp),
    startedAt: z.optional(timestamp),
    completedAt: z.optional(timestamp),
  }),
);

const status = z.enum(statusValidator.members.map(({ value }) => value));

/** What fields ask of each other. */
const goesTogether = z.check<{
  status: Status;
  error?: string | undefined;
  errorCode?: string | undefined;
  result?: object | undefined;
  timestamps?: { completedAt?: number | undefined } | undefined;
}>((context) => {
  const { status, error, errorCode, result, timestamps } = context.value;
  const problem = (path: string[], message: string) => {
    context.issues.push({ code: "custom", input: status, path, message });
  };
  if (status === "failed" && error === undefined) {
    problem(["error"], "is required with status failed: say what went wrong");
  }
  if (status !== "failed" && error !== undefined) {
    problem(["error"], `is allowed only with status failed, not with ${status}`);
  }
  if (status !== "failed" && errorCode !== undefined) {
    problem(["errorCode"], `is allowed only with status failed, not with ${status}`);
  }
  if (status !== "completed" && result !== undefined) {
    problem(["result"], `is allowed only with status completed, not with ${status}`);
  }
  if (!isTerminal(status) && timestamps?.completedAt !== undefined) {
    problem(
      ["timestamps", "completedAt"],
      `is allowed only with completed, failed and cancelled, not with ${status}`,
    );
  }
});

/** The body of `POST /updateTranscriptionJob`; see README, "The endpoint". */
export const updateSchema = nullIsAbsent(
  z
    .strictObject({
      jobId: z
        .string()
        .check(z.regex(JOB_ID_PATTERN, "must be 1 to 128 characters of A–Z a–z 0–9 . _ : -")),
      status,
      progress: z.optional(z.number().check(z.minimum(0), z.maximum(100))),
      stage: z.optional(text(MAX_STAGE_LENGTH)),
      message: z.optional(text(MAX_MESSAGE_LENGTH)),
      result: z.optional(result),
      segments: z.optional(
        z.strictObject({ offset: z.int().check(z.minimum(0)), items: segments }),
      ),
      error: z.optional(text(MAX_ERROR_LENGTH, 1)),
      errorCode: z.optional(
        z.string().check(z.regex(ERROR_CODE_PATTERN, "must be 1 to 64 characters of a–z 0–9 _")),
      ),
      timestamps: z.optional(timestamps),
      estimatedTimeRemaining: z.optional(nonNegative),
      audioInfo: z.optional(audioInfo),
      userId: z.optional(text(MAX_USER_ID_LENGTH, 1)),
      sequence: z.optional(z.int().check(z.minimum(0))),
      attempt: z.optional(z.int().check(z.minimum(1))),
    })
    .check(goesTogether),
);
/** The parts of an update that have a name in `docs/openapi.json`. */
export const NAMED_PARTS = {
  Word: word,
  Segment: segment,
  Result: result,
  AudioInfo: audioInfo,
  Timestamps: timestamps,
  Timestamp: timestamp,
};

export type UpdateBody = z.output<typeof updateSchema>;

/** The body of `POST /updateTranscriptionJobs`; each update is checked on its own. */
export const updatesSchema = z.strictObject({
  updates: z
    .array(z.unknown())
    .check(
      z.minLength(1, "expected at least 1 update"),
      z.maxLength(MAX_UPDATES, `too many: at most ${MAX_UPDATES} updates are allowed`),
    ),
});
