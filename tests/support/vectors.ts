import { z } from "zod/mini";

/**
 * The contract vectors: their types, their loading and their expansion. `tests/vectors/README.md` describes the
 * format; `vectorRunner.ts` runs them.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const answered = {
  outcome: z.optional(z.enum(["applied", "duplicate", "ignored", "stale"])),
  jobStatus: z.optional(z.enum(["pending", "processing", "completed", "failed", "cancelled"])),
  progress: z.optional(z.number()),
  attempt: z.optional(z.int()),
  sequence: z.optional(z.nullable(z.int())),
  code: z.optional(z.string()),
  message: z.optional(z.array(z.string())),
  issues: z.optional(
    z.array(z.strictObject({ path: z.string(), message: z.optional(z.string()) })),
  ),
  expected: z.optional(z.int()),
};
const resultSchema = z.strictObject(answered);

const vectorSchema = z.strictObject({
  name: z.string().check(z.minLength(1)),
  given: z.array(z.json()),
  job: z.optional(z.literal("missing")),
  cancelledByUser: z.optional(z.literal(true)),
  request: z.strictObject({
    json: z.optional(z.json()),
    text: z.optional(z.string()),
    base64: z.optional(z.string()),
    padTo: z.optional(z.int()),
    headers: z.optional(z.record(z.string(), z.json())),
    method: z.optional(z.string()),
    path: z.optional(z.string()),
  }),
  expect: z.strictObject({
    status: z.int(),
    body: z.optional(z.json()),
    ...answered,
    results: z.optional(z.array(resultSchema)),
    headers: z.optional(z.record(z.string(), z.string())),
    row: z.optional(z.record(z.string(), z.json())),
    transcript: z.optional(z.json()),
    segments: z.optional(z.json()),
    text: z.optional(z.json()),
  }),
});

export type Vector = z.infer<typeof vectorSchema>;
export type Expectation = Vector["expect"];
/** What is expected of the answer to one update. */
export type ExpectedResult = z.infer<typeof resultSchema>;

/** What the placeholders and the relative times of one run of a vector stand for. */
export interface Scope {
  jobId: string;
  userId: string;
  key: string;
  /** Epoch milliseconds; one value for the whole vector, so that an expected time equals the sent one. */
  now: number;
}

/** All vectors by file, checked: a key that no runner knows would be an expectation that nobody tests. */
export function loadVectors(): { file: string; vectors: Vector[] }[] {
  const texts = import.meta.glob<string>(["../vectors/*.json", "!../vectors/_*.json"], {
    eager: true,
    query: "?raw",
    import: "default",
  });
  const seen = new Set<string>();
  return Object.entries(texts).map(([path, text]) => {
    const file = path.replace("../vectors/", "");
    const vectors = (JSON.parse(text) as unknown[]).map((value) => parseVector(file, value));
    for (const { name } of vectors) {
      if (seen.has(name)) throw new Error(`${file}: two vectors are called "${name}"`);
      seen.add(name);
    }
    return { file, vectors };
  });
}

/** One vector from its JSON; throws with the file, the name and the fault when its form is wrong. */
export function parseVector(file: string, value: unknown): Vector {
  const parsed = vectorSchema.safeParse(value);
  const name = JSON.stringify((value as { name?: unknown } | null)?.name);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0] ?? { path: [], message: "" };
    throw new Error(`${file}, vector ${name}: ${path.join(".")}: ${message}`);
  }
  const vector = parsed.data;
  const { request, expect } = vector;
  const bodies = [request.json, request.text, request.base64].filter((body) => body !== undefined);
  const faults = [
    bodies.length > 1 && "has more than one body",
    bodies.length === 0 && request.method === undefined && "has no body",
    vector.job === "missing" && vector.given.length > 0 && "has updates for a missing job",
    expect.status === 200 &&
      !(expect.body ?? expect.outcome ?? expect.results) &&
      "lacks the outcome",
    expect.status !== 200 && expect.code === undefined && "lacks the code",
    ...[expect, ...(expect.results ?? [])].flatMap(({ code, expected, issues, outcome }, index) => [
      index > 0 && (code === undefined) === (outcome === undefined) && "needs outcome or code",
      code === "segment_gap" && expected === undefined && "lacks the expected offset",
      code === "invalid_payload" && !issues?.length && "lacks the issues",
    ]),
  ].filter((fault) => fault !== false);
  if (faults.length > 0) throw new Error(`${file}, vector ${name} ${faults.join(", ")}`);
  return vector;
}

/** True when the vector says the same with or without a row: a refusal that comes before the row is read. */
export function needsNoRow(vector: Vector): boolean {
  const { expect, given, cancelledByUser, job } = vector;
  const hasOwnRow = given.length > 0 || cancelledByUser === true;
  const reachesRow = [200, 403, 409].includes(expect.status) && expect.body === undefined;
  return job === "missing" || (!hasOwnRow && !reachesRow);
}

/** The body's bytes, or undefined for a request without one. */
export function bodyOf(
  request: Vector["request"],
  scope: Scope,
): Uint8Array<ArrayBuffer> | undefined {
  const bytes = unpaddedBodyOf(request, scope);
  if (request.padTo === undefined || bytes === undefined) return bytes;
  if (bytes.length > request.padTo) throw new Error("the body is longer than its padTo");
  const padded = new Uint8Array(request.padTo).fill(0x20);
  padded.set(bytes);
  return padded;
}

function unpaddedBodyOf(request: Vector["request"], scope: Scope) {
  const { json, text, base64 } = request;
  if (json !== undefined) return new TextEncoder().encode(expandToText(json, scope));
  if (text !== undefined) return new TextEncoder().encode(substitute(text, scope));
  if (base64 === undefined) return undefined;
  // Placeholders work on the bytes too, which need not be valid UTF-8: one character stands for each byte.
  const latin1 = substitute(atob(base64), scope);
  return Uint8Array.from(latin1, (char) => char.charCodeAt(0));
}

/** The request's headers: the defaults, overridden by the vector's, where `null` removes one. */
export function headersOf(request: Vector["request"], scope: Scope): Record<string, string> {
  const headers: Record<string, Json> = {
    "Content-Type": "application/json",
    Authorization: "Bearer {key}",
    ...request.headers,
  };
  const entries = Object.entries(headers)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, expand(value, scope)]);
  return Object.fromEntries(entries) as Record<string, string>;
}

export function pathOf(request: Vector["request"], scope: Scope): string {
  return substitute(request.path ?? "/updateTranscriptionJob", scope);
}

/** `value` with its placeholders and directives expanded. */
export function expand(value: Json, scope: Scope): Json {
  return JSON.parse(expandToText(value, scope)) as Json;
}

/**
 * `value` expanded, as compact JSON text. Directives write text, not values, because nothing else has to survive
 * lists that are nested 10,000 deep: `JSON.stringify` would overflow the stack.
 */
export function expandToText(value: Json, scope: Scope, index?: number): string {
  if (typeof value === "string") return JSON.stringify(substitute(value, scope, index));
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = (child: Json) => expandToText(child, scope, index);
  if (Array.isArray(value)) return `[${value.map(inner).join(",")}]`;
  const entries = Object.entries(value);
  const [only] = entries;
  const directive = entries.length === 1 && only ? directives[only[0]] : undefined;
  if (directive && only) return directive(only[1], scope, index);
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${inner(child)}`).join(",")}}`;
}

type Directive = (argument: Json, scope: Scope, index: number | undefined) => string;

const directives: Record<string, Directive | undefined> = {
  $repeat: (argument, scope, index) => {
    const [text, count] = argument as [string, number];
    return JSON.stringify(substitute(text, scope, index).repeat(count));
  },
  $items: (argument, scope) => {
    const [item, count] = argument as [Json, number];
    const items = Array.from({ length: count }, (_, index) => expandToText(item, scope, index));
    return `[${items.join(",")}]`;
  },
  $index: (argument, _scope, index) => {
    if (index === undefined) throw new Error("$index outside of $items");
    const [factor, offset] = argument as [number, number];
    return JSON.stringify(index * factor + offset);
  },
  $join: (argument, scope, index) => {
    const lists = (argument as Json[]).map((list) => expandToText(list, scope, index).slice(1, -1));
    return `[${lists.filter((list) => list !== "").join(",")}]`;
  },
  $now: (argument, scope) => JSON.stringify(scope.now + (argument as number)),
  $isoNow: (argument, scope) =>
    JSON.stringify(new Date(scope.now + (argument as number)).toISOString()),
  $nest: (argument) => "[".repeat(argument as number) + "]".repeat(argument as number),
};

function substitute(text: string, scope: Scope, index?: number): string {
  const values = {
    jobId: scope.jobId,
    userId: scope.userId,
    key: scope.key,
    keyPrefix: scope.key.slice(0, -1),
  };
  const named = text.replace(
    /\{(jobId|userId|keyPrefix|key)\}/g,
    (_, name: string) => values[name as keyof typeof values],
  );
  return index === undefined ? named : named.replaceAll("{i}", String(index));
}
