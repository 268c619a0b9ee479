import en from "zod/v4/locales/en.js";
import * as z from "zod/mini";
import { type Issue, Refusal } from "../model/errors";
import { MAX_ISSUE_MESSAGE_LENGTH, MAX_ISSUES } from "../model/limits";
import { cutPages } from "../model/pages";
import type { Segment, Update } from "../model/validators";
import { type UpdateBody, updateSchema } from "./updateSchema";

// Without a locale zod/mini says "Invalid input" to everything.
z.config(en());

/**
 * A request's body as the mutation takes it.
 * @throws Refusal `invalid_payload`, with every problem's path
 */
export function parseUpdate(body: unknown): Update {
  const parsed = z.safeParse(updateSchema, body);
  if (parsed.success) return toUpdate(parsed.data);
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

function toUpdate({ timestamps, segments, result, attempt, ...rest }: UpdateBody): Update {
  return {
    ...rest,
    attempt: attempt ?? 1,
    ...(timestamps?.startedAt !== undefined && { startedAt: timestamps.startedAt }),
    ...(timestamps?.completedAt !== undefined && { completedAt: timestamps.completedAt }),
    ...(segments !== undefined && {
      live: { offset: segments.offset, pages: toPages(segments.items) },
    }),
    ...(result !== undefined && { result: toResult(result) }),
  };
}

function toResult({
  segments,
  ...rest
}: NonNullable<UpdateBody["result"]>): NonNullable<Update["result"]> {
  return segments === undefined ? rest : { ...rest, pages: toPages(segments) };
}

function toPages(segments: Segment[]): Segment[][] {
  return cutPages(segments).map((page) => page.segments);
}
