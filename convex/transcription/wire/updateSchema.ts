import * as z from "zod/v4/mini";
import {
  ERROR_CODE_PATTERN,
  JOB_ID_PATTERN,
  MAX_ARRAY_LENGTH,
  MAX_ERROR_LENGTH,
  MAX_FORMAT_LENGTH,
  MAX_ISSUES,
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
import type { SizedSegments } from "../model/pages.js";
import { isTerminal } from "../model/status.js";
import { isStorable, utf8Length } from "../model/text.js";
import type { Segment, Status, Word } from "../model/validators.js";
import { ENGLISH } from "./english.js";
import { timestamp } from "./timestamp.js";

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

/** What a JSON object holds: an optional key is there with a value, or it is not there. */
type Exact<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** `null` means absent for every optional field, as Python sends it. */
function nullIsAbsent<Shape extends z.core.$ZodShape, Config extends z.core.$ZodObjectConfig>(
  object: z.ZodMiniObject<Shape, Config>,
): z.ZodMiniType<Exact<z.output<z.ZodMiniObject<Shape, Config>>>> {
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
  ) as unknown as z.ZodMiniType<Exact<z.output<z.ZodMiniObject<Shape, Config>>>>;
}

/** What a list becomes: `add` takes one checked element or says what is wrong with it. */
interface Collection<Item, List> {
  list: List;
  add: (item: Item) => string | null;
}

/**
 * An array that is checked element by element and given up after a few problems: zod alone would
 * keep an issue for each of a million wrong elements, more than the action's memory holds.
 */
function list<Item, List>(
  item: z.ZodMiniType<Item>,
  collect: () => Collection<Item, List>,
  max = Infinity,
) {
  return z.pipe(
    z.custom<unknown[]>((value) => Array.isArray(value), "expected an array"),
    z.transform((input, context) => {
      const collection = collect();
      if (input.length > max) {
        const message = `too many: ${input.length} items, at most ${max} are allowed`;
        context.issues.push({ code: "custom", input: input.length, message });
        return z.NEVER;
      }
      for (const [index, element] of input.entries()) {
        // `error` is read only where there is one, and each issue's message is made there.
        const result = z.safeParse(item, element, ENGLISH);
        // The unchecked element is let go of, so that both copies never exist whole.
        input[index] = undefined;
        const problem = result.success ? collection.add(result.data) : null;
        const issues: Pick<z.core.$ZodIssue, "path" | "message">[] = result.error?.issues ?? [];
        if (problem !== null) issues.push({ path: [], message: problem });
        for (const { path, message } of issues) {
          context.issues.push({ code: "custom", input: null, path: [index, ...path], message });
        }
        if (context.issues.length >= MAX_ISSUES) return z.NEVER;
      }
      return collection.list;
    }),
  );
}

/** The elements as they are. */
function asArray<Item>(): Collection<Item, Item[]> {
  const items: Item[] = [];
  const add = (item: Item) => {
    items.push(item);
    return null;
  };
  return { list: items, add };
}

/** Segments as the mutation takes them, with the size of each one's JSON, which is made here and nowhere else. */
function withSizes(): Collection<Segment, SizedSegments[]> {
  const list: SizedSegments[] = [];
  const add = (segment: Segment) => {
    const bytes = utf8Length(JSON.stringify(segment));
    if (bytes > MAX_SEGMENT_BYTES) return "takes more than 64 KiB as JSON; split it";
    let last = list[list.length - 1];
    if (last === undefined || last.segments.length === MAX_ARRAY_LENGTH) {
      last = { segments: [], sizes: [] };
      list.push(last);
    }
    last.segments.push(segment);
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
const segments = list(segment, withSizes);

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
