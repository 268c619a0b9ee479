import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test, vi } from "vitest";
import { Refusal, REFUSALS } from "../convex/transcription/model/errors";
import { parseUpdate } from "../convex/transcription/wire/parseUpdate";
import document from "../docs/openapi.json";
import { version } from "../package.json";
import { openapi } from "../scripts/lib/openapi";
import { newBackend, segments } from "./support/backend";
import { expand, type Json, loadVectors, type Vector } from "./support/vectors";

const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document, "openapi");
const validator = (pointer: string) => ajv.compile({ $ref: `openapi#${pointer}` });
const isUpdate = validator("/components/schemas/Update");
const isBatch = validator("/components/schemas/Batch");

/** What a JSON Schema cannot say; the document's description names each of them. */
const BEYOND_OPENAPI =
  /must not be before start|NUL or half of a surrogate|more than 64 KiB|more than a day ahead|such as 2026-01-31|before the year 2000|: too long: expected at most \d+ characters/;

const SCOPE = { jobId: "job", userId: "user", key: "key" };

/** The updates that a vector sends. */
function updatesOf({ given, request }: Vector): unknown[] {
  const { json, path = "/updateTranscriptionJob", method = "POST" } = request;
  const sent = [...given];
  if (json !== undefined && method === "POST") {
    if (path === "/updateTranscriptionJob") sent.push(json);
    const updates = path === "/updateTranscriptionJobs" && (json as { updates?: Json }).updates;
    if (Array.isArray(updates)) sent.push(...updates);
  }
  return sent.map((update) => expand(update, { ...SCOPE, now: Date.now() }));
}

/** Why the endpoint refuses an update's form, `null` if it takes it. */
function problemsOf(update: unknown): string[] | null {
  try {
    parseUpdate(structuredClone(update));
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return (error.details.issues ?? []).map(({ message }) => message);
  }
}

test("docs/openapi.json is what `npm run openapi` makes", () => {
  expect(document).toEqual(openapi(version));
});

test("is valid OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(document.openapi).toBe("3.1.0");
});

describe.each(loadVectors())("$file agrees", ({ vectors }) => {
  // A schema that is followed ten thousand arrays down would overflow the stack.
  const shallow = vectors.filter(({ request }) => !JSON.stringify(request).includes("$nest"));
  test.each(shallow)("$name", (vector) => {
    for (const update of updatesOf(vector)) {
      const problems = problemsOf(update);
      const said = isUpdate(update);
      const text = JSON.stringify([update, problems, isUpdate.errors]).slice(0, 1000);
      if (problems === null) expect(said, text).toBe(true);
      else if (!problems.every((problem) => BEYOND_OPENAPI.test(problem))) {
        expect(said, text).toBe(false);
      }
    }
  });
});

test("seconds in place of milliseconds are refused by the document, too", () => {
  const at = (startedAt: number) => ({
    jobId: "job",
    status: "processing",
    timestamps: { startedAt },
  });
  expect([isUpdate(at(1_767_225_600)), isUpdate(at(1_767_225_600_000))]).toEqual([false, true]);
});

test("most refused vectors are refused by the document, too", () => {
  const refused = loadVectors()
    .flatMap(({ vectors }) => vectors)
    .filter(({ request }) => !JSON.stringify(request).includes("$nest"))
    .flatMap(updatesOf)
    .filter((update) => problemsOf(update) !== null);
  const found = refused.filter((update) => !isUpdate(update));
  expect(refused.length).toBeGreaterThan(250);
  expect(found.length / refused.length).toBeGreaterThan(0.8);
});

test.each(loadVectors().find(({ file }) => file === "batch.json")?.vectors ?? [])(
  "the batch: $name",
  ({ request, expect: expected }) => {
    if (request.json === undefined || request.path === undefined) return;
    const { updates } = expected.results ? (request.json as { updates: unknown }) : {};
    if (expected.code === "invalid_payload") {
      expect(isBatch(expand(request.json, { ...SCOPE, now: 0 }))).toBe(false);
    } else if (expected.results?.every(({ code }) => code !== "invalid_payload")) {
      expect(updates).toBeDefined();
      expect(isBatch(expand(request.json, { ...SCOPE, now: 0 }))).toBe(true);
    }
  },
);

describe("answers", () => {
  const at = (path: string) => `/paths/${path.replaceAll("/", "~1")}/post/responses`;
  const answerOf = (path: string, status: number) =>
    validator(`${at(path)}/${status}/content/application~1json/schema`);

  test.each([
    [{ jobId: "job", status: "processing", sequence: 1 }, 200],
    [{ jobId: "job", status: "done" }, 400],
    [{ jobId: "job", status: "processing", userId: "somebody" }, 403],
    [{ jobId: "none", status: "processing" }, 404],
    [{ jobId: "job", status: "processing", segments: { offset: 1, items: segments(0, 1) } }, 409],
  ])("%j is answered as the document says: %s", async (update, expected) => {
    vi.spyOn(console, "log").mockReturnValue();
    const backend = newBackend();
    await backend.newJob("job");
    const { status, body } = await backend.post(update);
    expect(status).toBe(expected);
    const isAnswer = answerOf("/updateTranscriptionJob", status);
    expect(isAnswer(body), JSON.stringify(isAnswer.errors)).toBe(true);
    const batch = await backend.postAll([update]);
    const isBatchAnswer = answerOf("/updateTranscriptionJobs", 200);
    expect(isBatchAnswer(batch.body), JSON.stringify(isBatchAnswer.errors)).toBe(true);
  });

  test("every code of the endpoint but the one for a wrong method is in the document", () => {
    const text = JSON.stringify(document.paths["/updateTranscriptionJob"]);
    for (const code of Object.keys(REFUSALS)) {
      expect(text.includes(`"${code}"`)).toBe(code !== "method_not_allowed");
    }
  });
});
