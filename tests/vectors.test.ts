import { beforeEach, describe, expect, test, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { KEY, newBackend } from "./support/backend";
import expansions from "./vectors/_expansion.json";
import { type Backend, runVector } from "./support/vectorRunner";
import {
  expand,
  type Json,
  loadVectors,
  parseVector,
  type Scope,
  type Vector,
} from "./support/vectors";

// A 4 MiB transcript takes seconds in convex-test on a busy machine.
const TIMEOUT_MS = 60_000;
const IDENTITY = { issuer: "https://issuer.example", subject: "auth0|vectors" };
const SCOPE = {
  jobId: "vectors-job",
  userId: `${IDENTITY.issuer}|${IDENTITY.subject}`,
  key: KEY,
};

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});

async function run(vector: Vector): Promise<void> {
  await runVector(vector, await backendFor(vector), { ...SCOPE, now: Date.now() });
}

async function backendFor(vector: Vector): Promise<Backend> {
  const { t, dump } = newBackend();
  const { jobId, userId } = SCOPE;
  if (vector.job !== "missing") {
    const file = { fileName: "speech.flac", fileSize: 1234 };
    await t.mutation(internal.transcriptionJobs.createFor, { jobId, userId, ...file });
  }
  const user = t.withIdentity(IDENTITY);
  return {
    send: async (path, init) => await t.fetch(path, init),
    reader: {
      row: async () => await user.query(api.transcriptionJobs.get, { jobId }),
      page: async (_, page) => await user.query(api.transcriptionJobs.transcript, { jobId, page }),
      cancel: async () => await user.mutation(api.transcriptionJobs.cancel, { jobId }),
      snapshot: dump,
    },
  };
}

const files = loadVectors();
describe.each(files)("$file", ({ vectors }) => {
  for (const vector of vectors) {
    test(vector.name, { timeout: TIMEOUT_MS }, async () => {
      await run(vector);
    });
  }
});

test("there are enough vectors, valid and invalid", () => {
  const all = files.flatMap(({ vectors }) => vectors);
  expect(all.filter(({ expect }) => expect.status === 200).length).toBeGreaterThan(150);
  expect(all.filter(({ expect }) => expect.status !== 200).length).toBeGreaterThan(150);
});

describe("the expansion of placeholders and directives", () => {
  test.each(expansions)("$name", ({ value, expanded, scope }) => {
    expect(expand(value as Json, scope)).toEqual(expanded);
  });
});

describe("the runner notices", () => {
  const base = {
    name: "base",
    given: [],
    request: { json: { jobId: "{jobId}", status: "processing" } },
  };
  const segments = { offset: 0, items: [{ start: 0, end: 1, text: "a" }] };
  const live = { ...base, request: { json: { ...base.request.json, segments } } };
  const accepted = { status: 200, outcome: "applied" };
  const bad = {
    ...base,
    request: { json: { jobId: "{jobId}", status: "processing", progress: 101 } },
  };
  const refused = {
    status: 400,
    code: "invalid_payload",
    issues: [{ path: "progress", message: "100" }],
  };
  const gap = {
    ...base,
    request: { json: { ...base.request.json, segments: { ...segments, offset: 3 } } },
  };
  const gapRefused = { status: 409, code: "segment_gap", expected: 0 };
  const long = {
    ...base,
    request: { json: { jobId: "{jobId}", status: "completed", result: { text: "abc" } } },
  };
  const sound = [
    [base, accepted],
    [live, { ...accepted, transcript: ["a"], segments: segments.items, row: { segmentCount: 1 } }],
    [bad, refused],
    [gap, gapRefused],
    [long, { ...accepted, text: "abc" }],
  ] as const;
  test.each(sound)("nothing where nothing is wrong (%#)", async (vector, expected) => {
    await run(parseVector("self-test", { ...vector, expect: expected }));
  });

  const broken: [string, object, object][] = [
    ["a wrong status", base, { status: 400, code: "invalid_json" }],
    ["a missing refusal", base, refused],
    ["a wrong outcome", base, { ...accepted, outcome: "stale" }],
    ["a wrong job status", base, { ...accepted, jobStatus: "pending" }],
    ["wrong progress", base, { ...accepted, progress: 1 }],
    ["a wrong attempt", base, { ...accepted, attempt: 2 }],
    ["a wrong sequence", base, { ...accepted, sequence: 0 }],
    ["a wrong body", base, { status: 200, body: { ok: true } }],
    ["a wrong header", base, { ...accepted, headers: { Allow: "POST" } }],
    ["a wrong field", base, { ...accepted, row: { status: "pending" } }],
    ["a field that is not there", base, { ...accepted, row: { message: "hello" } }],
    ["a field that should be absent", base, { ...accepted, row: { status: { $absent: true } } }],
    ["a field that should be present", base, { ...accepted, row: { error: { $present: true } } }],
    ["fields that differ", base, { ...accepted, row: { status: { $row: "jobId" } } }],
    ["a field that changed", base, { ...accepted, row: { status: { $rowBefore: "status" } } }],
    [
      "a field that did not rise",
      base,
      { ...accepted, row: { attempt: { $moreThanBefore: "attempt" } } },
    ],
    [
      "a missing part of a field",
      long,
      { ...accepted, row: { result: { $has: { textLength: 4 } } } },
    ],
    ["a wrong transcript", live, { ...accepted, transcript: ["b"] }],
    ["a transcript that is too long", live, { ...accepted, transcript: [] }],
    ["a wrong segment", live, { ...accepted, segments: [{ start: 0, end: 2, text: "a" }] }],
    ["a wrong text", long, { ...accepted, text: "ab" }],
    ["a missing text", base, { ...accepted, text: "ab" }],
    ["a wrong code", bad, { ...refused, code: "invalid_json", issues: [] }],
    ["a wrong path", bad, { ...refused, issues: [{ path: "stage" }] }],
    ["a wrong issue", bad, { ...refused, issues: [{ path: "progress", message: "64" }] }],
    ["a wrong message", bad, { ...refused, message: ["4 MiB"] }],
    ["a wrong offset", gap, { ...gapRefused, expected: 1 }],
    ["an update that is not accepted", { ...base, given: [bad.request.json] }, accepted],
  ];
  test.each(broken)("%s", async (_, vector, expected) => {
    const parsed = parseVector("self-test", { ...vector, expect: expected });
    await expect(run(parsed)).rejects.toThrow();
  });

  test("a refused request that changed something", async () => {
    const vector = parseVector("self-test", { ...bad, expect: refused });
    const backend = await backendFor(vector);
    const send: Backend["send"] = async (path, init) => {
      const response = await backend.send(path, init);
      const body = JSON.stringify(base.request.json).replace("{jobId}", SCOPE.jobId);
      const headers = { "Content-Type": "application/json", Authorization: `Bearer ${KEY}` };
      await backend.send(path, { method: "POST", headers, body });
      return response;
    };
    const scope: Scope = { ...SCOPE, now: Date.now() };
    await expect(runVector(vector, { ...backend, send }, scope)).rejects.toThrow(
      "nothing has changed",
    );
  });

  const malformed: [string, object][] = [
    ["a key that no runner knows", { ...base, expect: { ...accepted, transcirpt: [] } }],
    ["two bodies", { ...base, request: { json: {}, text: "" }, expect: accepted }],
    ["no body", { ...base, request: {}, expect: accepted }],
    ["no outcome", { ...base, expect: { status: 200 } }],
    ["no issues", { ...bad, expect: { status: 400, code: "invalid_payload" } }],
    ["no offset", { ...gap, expect: { status: 409, code: "segment_gap" } }],
  ];
  test.each(malformed)("a vector with %s", (_, vector) => {
    expect(() => parseVector("self-test", vector)).toThrow('self-test, vector "base"');
  });
});
