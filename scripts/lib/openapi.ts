import * as z from "zod/v4/mini";
import { MAX_UPDATES } from "../../convex/transcription/model/limits";
import { REFUSALS, type RefusalCode } from "../../convex/transcription/model/errors";
import { outcome, status } from "../../convex/transcription/model/validators";
import { documented } from "../../convex/transcription/wire/forms";
import { NAMED_PARTS, updateSchema } from "../../convex/transcription/wire/updateSchema";

export type JsonSchema = Record<string, unknown>;

const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const names = new Map<z.core.$ZodType, string>(
  Object.entries(NAMED_PARTS).map(([name, schema]) => [schema, name]),
);

/** The JSON Schema of what a sender may write: zod's own view, with what `documented` adds to it. */
function toJsonSchema(schema: z.core.$ZodType): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    metadata: documented,
    // What a pipe gives is the object behind `nullIsAbsent`; what goes into it is anything.
    io: "output",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const { items } = jsonSchema as { items?: unknown };
      if (items instanceof z.core.$ZodType) jsonSchema.items = partOf(items);
      if (!(zodSchema instanceof z.core.$ZodObject)) return;
      const { catchall, shape } = zodSchema._zod.def;
      if (catchall === undefined) delete jsonSchema.additionalProperties;
      for (const [key, part] of Object.entries(shape)) {
        const isOptional = part instanceof z.core.$ZodOptional;
        const property = partOf(isOptional ? part._zod.def.innerType : part);
        (jsonSchema.properties ??= {})[key] = isOptional
          ? { anyOf: [property, { type: "null" }] }
          : property;
      }
    },
  });
  return json;
}

function partOf(schema: z.core.$ZodType): JsonSchema {
  const name = names.get(schema);
  return name === undefined ? toJsonSchema(schema) : ref(name);
}

const enumOf = (validator: typeof status | typeof outcome) =>
  validator.members.map((member) => member.value);

const ABSENT = { type: "null" };
const where = (statuses: string[], then: JsonSchema, otherwise: JsonSchema): JsonSchema => ({
  if: { properties: { status: { enum: statuses } } },
  then,
  else: { properties: otherwise },
});

/** What fields ask of each other, which zod checks in a function of ours. */
const goesTogether = [
  where(
    ["failed"],
    { required: ["error"], properties: { error: { type: "string" } } },
    { error: ABSENT, errorCode: ABSENT },
  ),
  where(["completed"], {}, { result: ABSENT }),
  where(
    ["completed", "failed", "cancelled"],
    {},
    { timestamps: { properties: { completedAt: ABSENT } } },
  ),
];

const refused = (codes: RefusalCode[]): JsonSchema => ({
  type: "object",
  required: ["ok", "error"],
  additionalProperties: false,
  properties: {
    ok: { const: false },
    error: {
      type: "object",
      required: ["code", "message"],
      additionalProperties: false,
      properties: {
        code: { enum: codes },
        message: { type: "string", description: "For people." },
        issues: {
          type: "array",
          description:
            "With `invalid_payload`: every problem, with a path like `result.segments.3.end`.",
          items: {
            type: "object",
            required: ["path", "message"],
            additionalProperties: false,
            properties: { path: { type: "string" }, message: { type: "string" } },
          },
        },
        expected: {
          type: "integer",
          description: "With `segment_gap`: the offset to send segments from.",
        },
      },
    },
  },
});

const accepted: JsonSchema = {
  type: "object",
  description: "What became of the update. The other fields are the row's afterwards.",
  required: ["ok", "jobId", "outcome", "status", "progress", "attempt", "sequence"],
  additionalProperties: false,
  properties: {
    ok: { const: true },
    jobId: { type: "string" },
    outcome: {
      enum: enumOf(outcome),
      description:
        "`applied`: the row or the transcript changed. `duplicate`: it has the sequence of the row. " +
        "`ignored`: the job has ended, so the worker may stop. `stale`: a newer update is in.",
    },
    status: { enum: enumOf(status) },
    progress: { type: "number" },
    attempt: { type: "integer" },
    sequence: { type: ["integer", "null"] },
  },
};

const json = (schema: JsonSchema) => ({ content: { "application/json": { schema } } });
/** One response for each HTTP status that these codes have. */
function refusals(codes: RefusalCode[]): JsonSchema {
  const responses: JsonSchema = {};
  for (const code of codes) {
    const { status: httpStatus } = REFUSALS[code];
    const same = codes.filter((other) => REFUSALS[other].status === httpStatus);
    const headers = new Set(same.flatMap((other) => headersOf(other)));
    responses[httpStatus] = {
      description: same.join(" | "),
      ...(headers.size > 0 && {
        headers: Object.fromEntries(
          [...headers].map((name) => [name, { schema: { type: "string" } }]),
        ),
      }),
      ...json(refused(same)),
    };
  }
  return responses;
}

function headersOf(code: RefusalCode): string[] {
  const refusal = REFUSALS[code];
  return "headers" in refusal ? Object.keys(refusal.headers) : [];
}

const ALL = Object.keys(REFUSALS) as RefusalCode[];
const OF_ONE_UPDATE: RefusalCode[] = [
  "invalid_payload",
  "user_mismatch",
  "job_not_found",
  "segment_gap",
];
const OF_KEYS: RefusalCode[] = ["unauthorized", "not_configured"];

/** The endpoints as OpenAPI 3.1. */
export function openapi(version: string): JsonSchema {
  return {
    openapi: "3.1.0",
    info: {
      title: "Transcription job updates",
      version,
      description:
        "What a transcription worker sends to Convex. Lengths count UTF-16 code units, so that a string of " +
        "characters beyond the Basic Multilingual Plane may be refused before `maxLength` says so. Not said here, but " +
        "checked: strings without NUL and lone surrogates, `end` not before `start`, days that exist, texts of times from 2000 " +
        "to a day ahead of the server, segments of at most 64 KiB as JSON, bodies of at most 4 MiB.",
    },
    servers: [
      {
        url: "https://{deployment}.convex.site",
        variables: { deployment: { default: "happy-animal-123" } },
      },
    ],
    security: [{ key: [] }],
    paths: {
      "/updateTranscriptionJob": {
        post: {
          operationId: "updateTranscriptionJob",
          summary: "One update of a job.",
          requestBody: { required: true, ...json(ref("Update")) },
          responses: {
            200: { description: "Taken, or known already.", ...json(ref("Accepted")) },
            ...refusals(ALL.filter((code) => code !== "method_not_allowed")),
          },
        },
      },
      "/updateTranscriptionJobs": {
        post: {
          operationId: "updateTranscriptionJobs",
          summary:
            "Updates of many jobs, each decided as if it had come alone, in one transaction.",
          requestBody: { required: true, ...json(ref("Batch")) },
          responses: {
            200: {
              description: "One result for each update, in their order.",
              ...json(ref("BatchAccepted")),
            },
            ...refusals(
              ALL.filter(
                (code) =>
                  code === "invalid_payload" ||
                  !["method_not_allowed", ...OF_ONE_UPDATE].includes(code),
              ),
            ),
          },
        },
      },
      "/health": {
        get: {
          operationId: "health",
          summary: "Whether address and key are right.",
          responses: {
            200: {
              description: "They are.",
              ...json({ type: "object", required: ["ok"], properties: { ok: { const: true } } }),
            },
            ...refusals(OF_KEYS),
          },
        },
      },
    },
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "A key of `CONVEX_API_KEY`." },
      },
      schemas: {
        Update: { ...toJsonSchema(updateSchema), allOf: goesTogether },
        ...Object.fromEntries([...names].map(([schema, name]) => [name, toJsonSchema(schema)])),
        Batch: {
          type: "object",
          required: ["updates"],
          additionalProperties: false,
          properties: {
            updates: {
              type: "array",
              minItems: 1,
              maxItems: MAX_UPDATES,
              description: "Each is an `Update`; one that is not is refused alone, in its result.",
              items: ref("Update"),
            },
          },
        },
        Accepted: accepted,
        BatchAccepted: {
          type: "object",
          required: ["ok", "results"],
          additionalProperties: false,
          properties: {
            ok: { const: true },
            results: {
              type: "array",
              items: { anyOf: [ref("Accepted"), refused(OF_ONE_UPDATE)] },
            },
          },
        },
      },
    },
  };
}
