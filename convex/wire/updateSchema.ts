import * as z from "zod/mini";
import {
  JOB_ID_PATTERN,
  MAX_ERROR_LENGTH,
  MAX_FORMAT_LENGTH,
  MAX_ISSUES,
  MAX_LANGUAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  MAX_MODEL_LENGTH,
  MAX_SEGMENT_BYTES,
  MAX_SPEAKER_LENGTH,
  MAX_STAGE_LENGTH,
  MAX_USER_ID_LENGTH,
  MAX_WORDS_PER_SEGMENT,
} from "../model/limits";
import { segmentBytes } from "../model/pages";
import { isTerminal } from "../model/status";
import { isStorable } from "../model/text";
import type { Segment, Status } from "../model/validators";
import { timestamp } from "./timestamp";

/**
 * A string that Convex can store and every language can read, of `min` to `max` UTF-16 code units.
 * zod's own length checks count code points, which would admit twice as much.
 */
function text(max = Infinity, min = 0) {
  return z.string().check(
    z.check<string>((context) => {
      const { value, issues } = context;
      const problem = textProblem(value, min, max);
      if (problem !== null) issues.push({ code: "custom", input: value, message: problem });
    }),
  );
}

function textProblem(value: string, min: number, max: number): string | null {
  if (value.length < min) return `too short: expected at least ${min} character`;
  if (value.length > max) return `too long: expected at most ${max} characters`;
  return isStorable(value)
    ? null
    : "holds a NUL or half of a surrogate pair; send whole characters";
}

const nonNegative = z.number().check(z.minimum(0));
const fraction = z.number().check(z.minimum(0), z.maximum(1));

/** `null` means absent for every optional field, as Python sends it. */
function nullIsAbsent<Shape extends z.core.$ZodShape, Config extends z.core.$ZodObjectConfig>(
  object: z.ZodMiniObject<Shape, Config>,
) {
  const optional = Object.keys(object.shape).filter(
    (key) => object.shape[key]?._zod.optin === "optional",
  );
  return z.pipe(
    z.transform((input: unknown) => {
      if (typeof input !== "object" || input === null) return input;
      const fields = input as Record<string, unknown>;
      if (!optional.some((key) => fields[key] === null)) return input;
      return Object.fromEntries(
        Object.entries(fields).filter(([key, value]) => value !== null || !optional.includes(key)),
      );
    }),
    object,
  );
}

/**
 * An array that is checked element by element and given up after a few problems: zod alone would
 * keep an issue for each of a million wrong elements, more than the action's memory holds.
 */
function list<Item>(item: z.ZodMiniType<Item>, max = Infinity) {
  return z.pipe(
    z.custom<unknown[]>(Array.isArray, "expected an array"),
    z.transform((input, context) => {
      const items: Item[] = [];
      if (input.length > max) {
        const message = `too many: ${input.length} items, at most ${max} are allowed`;
        context.issues.push({ code: "custom", input: input.length, message });
        return z.NEVER;
      }
      for (const [index, element] of input.entries()) {
        const result = z.safeParse(item, element);
        // The unchecked element is let go of, so that both copies never exist whole.
        input[index] = undefined;
        if (result.success) items.push(result.data);
        else {
          for (const { path, message } of result.error.issues) {
            context.issues.push({ code: "custom", input: null, path: [index, ...path], message });
          }
          if (context.issues.length >= MAX_ISSUES) return z.NEVER;
        }
      }
      return items;
    }),
  );
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
      confidence: z.exactOptional(fraction),
    })
    .check(endsAfterStart),
);

const segment = nullIsAbsent(
  z
    .object({
      start: nonNegative,
      end: nonNegative,
      text: text(),
      speaker: z.exactOptional(text(MAX_SPEAKER_LENGTH)),
      confidence: z.exactOptional(fraction),
      words: z.exactOptional(list(word, MAX_WORDS_PER_SEGMENT)),
    })
    .check(
      endsAfterStart,
      z.refine((value) => segmentBytes(value) <= MAX_SEGMENT_BYTES, {
        error: "takes more than 64 KiB as JSON; split it",
      }),
    ),
) satisfies z.ZodMiniType<Segment>;

const result = nullIsAbsent(
  z.object({
    text: z.exactOptional(text()),
    language: z.exactOptional(text(MAX_LANGUAGE_LENGTH)),
    duration: z.exactOptional(nonNegative),
    model: z.exactOptional(text(MAX_MODEL_LENGTH)),
    segments: z.exactOptional(list(segment)),
  }),
);

const audioInfo = nullIsAbsent(
  z.strictObject({
    duration: z.exactOptional(nonNegative),
    sampleRate: z.exactOptional(nonNegative),
    channels: z.exactOptional(nonNegative),
    format: z.exactOptional(text(MAX_FORMAT_LENGTH)),
    sizeBytes: z.exactOptional(nonNegative),
  }),
);

const timestamps = nullIsAbsent(
  z.strictObject({
    createdAt: z.exactOptional(timestamp),
    startedAt: z.exactOptional(timestamp),
    completedAt: z.exactOptional(timestamp),
  }),
);

const status = z.enum([
  "pending",
  "processing",
  "completed",
  "failed",
  "cancelled",
]) satisfies z.ZodMiniType<Status>;

/** What fields ask of each other. */
const goesTogether = z.check<{
  status: Status;
  error?: string;
  result?: object;
  timestamps?: { completedAt?: number };
}>((context) => {
  const { status, error, result, timestamps } = context.value;
  const problem = (path: string[], message: string) => {
    context.issues.push({ code: "custom", input: status, path, message });
  };
  if (status === "failed" && error === undefined) {
    problem(["error"], "is required with status failed: say what went wrong");
  }
  if (status !== "failed" && error !== undefined) {
    problem(["error"], `is allowed only with status failed, not with ${status}`);
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
      progress: z.exactOptional(z.number().check(z.minimum(0), z.maximum(100))),
      stage: z.exactOptional(text(MAX_STAGE_LENGTH)),
      message: z.exactOptional(text(MAX_MESSAGE_LENGTH)),
      result: z.exactOptional(result),
      segments: z.exactOptional(
        z.strictObject({ offset: z.int().check(z.minimum(0)), items: list(segment) }),
      ),
      error: z.exactOptional(text(MAX_ERROR_LENGTH, 1)),
      timestamps: z.exactOptional(timestamps),
      estimatedTimeRemaining: z.exactOptional(nonNegative),
      audioInfo: z.exactOptional(audioInfo),
      userId: z.exactOptional(text(MAX_USER_ID_LENGTH, 1)),
      sequence: z.exactOptional(z.int().check(z.minimum(0))),
      attempt: z.exactOptional(z.int().check(z.minimum(1))),
    })
    .check(goesTogether),
);
export type UpdateBody = z.infer<typeof updateSchema>;
