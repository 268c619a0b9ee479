import * as z from "zod/v4/mini";
import { type Issue, Refusal } from "../model/errors.js";
import { MAX_ISSUE_MESSAGE_LENGTH, MAX_ISSUES } from "../model/limits.js";
import type { Update } from "../model/validators.js";
import { ENGLISH } from "./english.js";
import { type UpdateBody, updatesSchema, updateSchema } from "./updateSchema.js";

/**
 * A request's body as the mutation takes it.
 * @throws Refusal `invalid_payload`, with every problem's path
 */
export function parseUpdate(body: unknown): Update {
  return toUpdate(parse(updateSchema, body));
}

/**
 * The updates of a batch, each of which is parsed by `parseUpdate`.
 * @throws Refusal `invalid_payload` when the body is not `{ updates: [1 to 100 of them] }`
 */
export function parseBatch(body: unknown): unknown[] {
  return parse(updatesSchema, body).updates;
}

function parse<Output>(schema: z.ZodMiniType<Output>, body: unknown): Output {
  const parsed = z.safeParse(schema, body, ENGLISH);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, MAX_ISSUES).map(describe);
  const [first] = issues;
  const more = parsed.error.issues.length > 1 ? " (and more, see issues)" : "";
  throw new Refusal("invalid_payload", `${first?.message ?? "Invalid update"}${more}`, { issues });
}

function describe({ path, message }: z.core.$ZodIssue): Issue {
  const field = path.join(".");
  const problem = message
    .replace(/^Invalid input: /, "")
    .replace(/expected (\S+), received undefined/, "is required ($1)");
  const whole = `${field === "" ? "body" : field}: ${problem}`;
  return { path: field, message: whole.slice(0, MAX_ISSUE_MESSAGE_LENGTH) };
}

function toUpdate({ timestamps, segments, attempt, ...rest }: UpdateBody): Update {
  return {
    ...rest,
    attempt: attempt ?? 1,
    ...(timestamps?.startedAt !== undefined && { startedAt: timestamps.startedAt }),
    ...(timestamps?.completedAt !== undefined && { completedAt: timestamps.completedAt }),
    ...(segments !== undefined && { live: segments }),
  };
}
