import { expect } from "vitest";
import {
  bodyOf,
  expand,
  expandToText,
  type Expectation,
  type ExpectedResult,
  headersOf,
  type Json,
  pathOf,
  type Scope,
  type Vector,
} from "./vectors";

/** A deployment as a vector needs it: the endpoint and, where it can be had, a view of the rows. */
export interface Backend {
  send(path: string, init: RequestInit): Promise<Response>;
  /** Absent where nobody is signed in: then only the answers are checked. */
  reader?: RowReader;
}

/** What the job's user can see and do. */
export interface RowReader {
  row(jobId: string): Promise<Row | null>;
  page(jobId: string, page: number): Promise<Page | null>;
  cancel(jobId: string): Promise<unknown>;
  /** Everything that a refused request could have changed. */
  snapshot(jobId: string): Promise<unknown>;
}

export type Row = Record<string, unknown>;
export interface Page {
  offset: number;
  segments: { text: string }[];
  text?: string;
}
type Answer = Record<string, unknown>;

const STATUSES = ["pending", "processing", "completed", "failed", "cancelled"];
const ROW_MAX_BYTES = 64 * 1024;

/** Runs one vector and checks everything that it and the contract say about its answer and its row. */
export async function runVector(vector: Vector, backend: Backend, scope: Scope): Promise<void> {
  const { reader } = backend;
  for (const update of vector.given) {
    const response = await post(backend, scope, { json: update });
    expect(response.status, `given: ${await response.clone().text()}`).toBe(200);
  }
  if (vector.cancelledByUser) {
    if (!reader) throw new Error("cancelledByUser needs a signed-in user");
    await reader.cancel(scope.jobId);
  }
  const before = await reader?.snapshot(scope.jobId);
  const rowBefore = (await reader?.row(scope.jobId)) ?? null;
  const response = await post(backend, scope, vector.request);
  const accepted = await checkAnswer(vector.expect, response, scope);
  if (!reader) return;

  const after = await reader.snapshot(scope.jobId);
  const row = await reader.row(scope.jobId);
  const applied = accepted.some((answer) => answer["outcome"] === "applied");
  if (!applied) expect(after, "nothing has changed").toEqual(before);
  const last = accepted.at(-1);
  if (last !== undefined) checkInvariants(last, applied, rowBefore, row);
  await checkRow(vector.expect, rowBefore, row, reader, scope);
}

async function post(backend: Backend, scope: Scope, request: Vector["request"]) {
  const body = bodyOf(request, scope);
  return await backend.send(pathOf(request, scope), {
    method: request.method ?? "POST",
    headers: headersOf(request, scope),
    ...(body && { body }),
  });
}

/** @returns the answers to the updates that were accepted, in their order */
async function checkAnswer(
  expected: Expectation,
  response: Response,
  scope: Scope,
): Promise<Answer[]> {
  const text = await response.text();
  expect(response.status, text.slice(0, 2000)).toBe(expected.status);
  expect(response.headers.get("Content-Type")).toMatch(/^application\/json\b/);
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    expect(response.headers.get(name), name).toBe(value);
  }
  expect(text.includes(scope.key), "the answer holds the key").toBe(false);
  const answer = JSON.parse(text) as Answer;
  if (expected.body !== undefined) {
    expect(answer).toEqual(expand(expected.body, scope));
    return [];
  }
  if (expected.results === undefined) return checkResult(expected, answer, scope) ? [answer] : [];
  expect(Object.keys(answer).sort()).toEqual(["ok", "results"]);
  expect(answer["ok"]).toBe(true);
  const results = answer["results"] as Answer[];
  expect(results.length, "one result for each update").toBe(expected.results.length);
  return results.filter((result, index) =>
    checkResult(expected.results?.[index] ?? {}, result, scope),
  );
}

/** @returns whether the update was accepted */
function checkResult(expected: ExpectedResult, answer: Answer, scope: Scope): boolean {
  if (expected.code === undefined) checkAccepted(expected, answer, scope);
  else checkRefused(expected, answer, JSON.stringify(answer), scope);
  return expected.code === undefined;
}

function checkAccepted(expected: ExpectedResult, answer: Answer, scope: Scope) {
  const keys = ["attempt", "jobId", "ok", "outcome", "progress", "sequence", "status"];
  expect(Object.keys(answer).sort()).toEqual(keys);
  expect(answer).toMatchObject({ ok: true, jobId: scope.jobId });
  expect(STATUSES).toContain(answer["status"]);
  expect(answer["progress"]).toBeTypeOf("number");
  expect(answer["attempt"]).toSatisfy(Number.isSafeInteger);
  if (answer["sequence"] !== null) expect(answer["sequence"]).toSatisfy(Number.isSafeInteger);
  const { outcome, jobStatus, progress, attempt, sequence } = expected;
  const named = { outcome, status: jobStatus, progress, attempt, sequence };
  for (const [key, value] of Object.entries(named)) {
    if (value !== undefined) expect(answer[key], key).toBe(value);
  }
}

function checkRefused(expected: ExpectedResult, answer: Answer, text: string, scope: Scope) {
  expect(Object.keys(answer).sort()).toEqual(["error", "ok"]);
  expect(answer["ok"]).toBe(false);
  const error = answer["error"] as Record<string, unknown>;
  const code = expected.code;
  expect(error["code"], text.slice(0, 2000)).toBe(code);
  expect(error["message"]).toBeTypeOf("string");
  const extra = [
    ...(code === "invalid_payload" ? ["issues"] : []),
    ...(code === "segment_gap" ? ["expected"] : []),
  ];
  expect(Object.keys(error).sort()).toEqual(["code", ...extra, "message"].sort());
  if (code === "user_mismatch") {
    expect(text.includes(scope.userId), "the answer names the owner").toBe(false);
  }
  if (expected.expected !== undefined) expect(error["expected"]).toBe(expected.expected);

  const issues = (error["issues"] ?? []) as { path: unknown; message: unknown }[];
  for (const issue of issues) {
    expect(Object.keys(issue).sort()).toEqual(["message", "path"]);
    expect(issue.path).toBeTypeOf("string");
    expect(String(issue.message), "a message that helps nobody").not.toMatch(/^(Invalid input)?$/);
  }
  for (const { path, message = "" } of expected.issues ?? []) {
    expect(issues).toContainEqual({ path, message: expect.stringContaining(message) as string });
  }
  const messages = [error["message"], ...issues.map((issue) => issue.message)].join("\n");
  for (const part of expected.message ?? []) expect(messages).toContain(part);
}

/** What holds after every accepted update, whatever it says. */
function checkInvariants(answer: Answer, applied: boolean, before: Row | null, row: Row | null) {
  if (!before || !row) throw new Error("an accepted update has no row");
  for (const key of ["_id", "jobId", "userId", "fileName", "fileSize", "createdAt"]) {
    expect(row[key], `${key} never changes`).toEqual(before[key]);
  }
  for (const key of ["status", "progress", "attempt"]) expect(row[key], key).toBe(answer[key]);
  expect(row["sequence"] ?? null, "sequence").toBe(answer["sequence"]);
  const ended = row["status"] !== "pending" && row["status"] !== "processing";
  expect("completedAt" in row, "completedAt is there when the job has ended").toBe(ended);
  expect("endedBy" in row, "endedBy is there when the job has ended").toBe(ended);
  if (ended) expect(row["completedAt"]).toBeGreaterThanOrEqual(row["createdAt"] as number);
  if (applied) {
    expect(row["updatedAt"], "updatedAt rises").toBeGreaterThan(before["updatedAt"] as number);
  }
  const bytes = new TextEncoder().encode(JSON.stringify(row)).length;
  expect(bytes, "the row's size").toBeLessThan(ROW_MAX_BYTES);
}

async function checkRow(
  expected: Expectation,
  before: Row | null,
  row: Row | null,
  reader: RowReader,
  scope: Scope,
) {
  if (!row) {
    expect(expected.row ?? expected.transcript ?? expected.segments ?? expected.text).toBe(
      undefined,
    );
    return;
  }
  for (const [key, wanted] of Object.entries(expected.row ?? {})) {
    checkField(key, wanted, { before: before ?? {}, row, scope });
  }
  const pages = await readPages(row, reader, scope.jobId);
  const segments = pages.flatMap((page) => page.segments);
  expect(segments.length, "segmentCount").toBe(row["segmentCount"]);
  const text = fullText(row, pages);
  if (expected.transcript !== undefined) {
    const texts = JSON.stringify(segments.map((segment) => segment.text));
    expect(texts).toBe(expandToText(expected.transcript, scope));
  }
  if (expected.segments !== undefined) {
    expect(segments).toEqual(expand(expected.segments, scope));
  }
  if (expected.text !== undefined) {
    expect(text === expand(expected.text, scope), "the whole text").toBe(true);
  }
}

function checkField(
  key: string,
  wanted: Json,
  { before, row, scope }: { before: Row; row: Row; scope: Scope },
) {
  const [matcher, argument] = matcherOf(wanted);
  const actual = row[key];
  if (matcher === "$absent") expect(key in row, `${key} is absent`).toBe(false);
  else expect(actual, `${key} is there`).toBeDefined();
  if (matcher === "$row") expect(actual, key).toEqual(row[argument as string]);
  if (matcher === "$rowBefore") expect(actual, key).toEqual(before[argument as string]);
  if (matcher === "$moreThanBefore") {
    expect(actual, key).toBeGreaterThan(before[argument as string] as number);
  }
  if (matcher === "$has") {
    for (const [name, value] of Object.entries(expand(argument, scope) as Row)) {
      expect((actual as Row)[name], `${key}.${name}`).toEqual(value);
    }
  }
  if (matcher === undefined) expect(actual, key).toEqual(expand(wanted, scope));
}

const MATCHERS = ["$absent", "$present", "$row", "$rowBefore", "$moreThanBefore", "$has"];

function matcherOf(wanted: Json): [matcher: string | undefined, argument: Json] {
  const [only, ...others] =
    wanted !== null && typeof wanted === "object" ? Object.entries(wanted) : [];
  return only && others.length === 0 && MATCHERS.includes(only[0]) ? only : [undefined, wanted];
}

async function readPages(row: Row, reader: RowReader, jobId: string): Promise<Page[]> {
  const pages: Page[] = [];
  let offset = 0;
  for (let number = 0; ; number++) {
    const page = await reader.page(jobId, number);
    if (!page) break;
    expect(page.offset, `page ${number}'s offset`).toBe(offset);
    offset += page.segments.length;
    pages.push(page);
  }
  expect(pages.length, "pageCount").toBe(row["pageCount"]);
  return pages;
}

/** The text whole: from the row, or from the pages where it is longer than the row holds. */
function fullText(row: Row, pages: Page[]): string | undefined {
  const result = row["result"] as { text?: string; textLength?: number } | undefined;
  const sliced = pages.some((page) => page.text !== undefined);
  const text = sliced ? pages.map((page) => page.text ?? "").join("") : result?.text;
  if (text !== undefined) {
    expect(text.length, "textLength").toBe(result?.textLength);
    expect(text.startsWith(result?.text ?? ""), "the row holds the text's beginning").toBe(true);
    const parts = [result?.text ?? "", ...pages.map((page) => page.text ?? "")];
    expect(
      parts.every((part) => part.isWellFormed()),
      "cut between characters",
    ).toBe(true);
  }
  return text;
}
