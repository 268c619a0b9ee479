import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { apiDrift, dataModelDrift } from "../../scripts/lib/codegenDrift";
import { codegenDrift } from "../../scripts/lib/functionsFolder";
import { readGeneratedDataModel } from "../../scripts/lib/generatedDataModel";
import { registeredFunctions } from "../../scripts/lib/registeredFunctions";
import { schemaShape } from "../../scripts/lib/schemaShape";

const schema = defineSchema({
  jobs: defineTable({
    name: v.string(),
    audio: v.optional(v.object({ duration: v.number() })),
    labels: v.record(v.string(), v.number()),
    state: v.union(v.literal("on"), v.object({ off: v.number() })),
  })
    .index("by_name", ["name"])
    .searchIndex("by_text", { searchField: "name" }),
});

const STATIC_MODEL = `import type { DocumentByName } from "convex/server";
export type DataModel = {
  jobs: {
    document: { name: string; _id: Id<"jobs">; _creationTime: number };
    fieldPaths:
      | "_creationTime"
      | "_id"
      | "name"
      | "audio"
      | "audio.duration"
      | "labels"
      | \`labels.\${string}\`
      | "state"
      | "state.off";
    indexes: {
      by_id: ["_id"];
      by_creation_time: ["_creationTime"];
      by_name: ["name", "_creationTime"];
    };
    searchIndexes: { by_text: { searchField: "name"; filterFields: never } };
    vectorIndexes: {};
  };
};
`;

const DYNAMIC_MODEL = `import type {
  DataModelFromSchemaDefinition,
} from "convex/server";
import schema from "../schema.js";
export type DataModel = DataModelFromSchemaDefinition<
  typeof schema
>;
`;

describe("the module list", () => {
  const code = { modules: { http: [], jobs: ["list", "clean"] }, schema: null };

  test.each([
    ["up to date", ["http", "jobs"], []],
    ["a module is missing", ["jobs"], ["api: module http is missing."]],
    ["a module is gone", ["http", "jobs", "old"], ["api: there is no module old."]],
  ])("%s", (_name, modules, problems) => {
    expect(apiDrift({ form: "imports", modules }, code)).toEqual(problems);
  });

  test.each([
    ["up to date, http has no functions", ["jobs:list", "jobs:clean"], []],
    ["a function is missing", ["jobs:list"], ["api: jobs:clean is missing."]],
    [
      "a module is gone",
      ["jobs:list", "jobs:clean", "old:a", "old:b"],
      ["api: there is no module old."],
    ],
  ])("static: %s", (_name, functions, problems) => {
    expect(apiDrift({ form: "static", functions }, code)).toEqual(problems);
  });

  test("a form that Convex does not write is out of date", () => {
    expect(apiDrift({ form: "unknown", reason: "it lists no modules" }, code)).toHaveLength(1);
  });

  test("registered functions are the exported builder calls", () => {
    const source = `
      export const list = query({ handler: async () => [] });
      export const clean = internalMutation(async () => {});
      const hidden = query({});
      export const limit = max(1, 2);
      export const plain = { query };
    `;
    expect(registeredFunctions(source)).toEqual(["list", "clean"]);
  });
});

describe("the data model", () => {
  const code = { modules: {}, schema: schemaShape(schema) };

  test.each([
    ["from the schema", DYNAMIC_MODEL, code.schema, []],
    ["from a schema that is gone", DYNAMIC_MODEL, null, [/not there/]],
    ["without a schema", "export type DataModel = AnyDataModel;", null, []],
    ["before the schema", "export type DataModel = AnyDataModel;", code.schema, [/before there/]],
    ["from elsewhere", DYNAMIC_MODEL.replace("../schema", "../x"), code.schema, [/schema\.js/]],
    ["none", "export type Doc = any;", code.schema, [/no DataModel/]],
    ["static", STATIC_MODEL, code.schema, []],
    ["static, not strict", STATIC_MODEL.replace(/;\n$/, " & AnyDataModel;\n"), code.schema, []],
    ["static, no schema", STATIC_MODEL, null, [/there is no schema/]],
    [
      "static, a new field",
      STATIC_MODEL.replace('| "audio"\n', "\n"),
      code.schema,
      [/field audio/],
    ],
    [
      "static, an old field",
      STATIC_MODEL.replace('"name"\n', '"x" | "name"\n'),
      code.schema,
      [/x/],
    ],
    [
      "static, an old index",
      STATIC_MODEL.replace("by_name:", "by_x:"),
      code.schema,
      [/y_n/, /y_x/],
    ],
    [
      "static, other tables",
      STATIC_MODEL.replace("jobs:", "a:"),
      code.schema,
      [/jobs is/, /no .*a/],
    ],
  ])("%s", (_name, text, schemaNow, problems) => {
    const found = dataModelDrift(readGeneratedDataModel(text), { modules: {}, schema: schemaNow });
    expect(found).toEqual(problems.map((problem) => expect.stringMatching(problem) as string));
  });
});

describe("a functions folder", () => {
  let folder: string;
  const write = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "functions-"));
    write("jobs.js", "export const list = 1;");
    write(
      "_generated/api.d.ts",
      'import type * as jobs from "../jobs.js";\n' +
        "declare const fullApi: ApiFromModules<{ jobs: typeof jobs }>;",
    );
    write("_generated/dataModel.d.ts", "export type DataModel = AnyDataModel;");
    write(
      "_generated/server.d.ts",
      "export declare const env: Record<string, string | undefined>;",
    );
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test("up to date", async () => {
    expect(await codegenDrift(folder)).toEqual([]);
  });

  test("the newer writer's Env and its folder of notes for assistants change nothing", async () => {
    write("_generated/server.d.ts", "type Env = { readonly CONVEX_SITE_URL: string };");
    write("_generated/ai/guidelines.md", "# Guidelines");
    expect(await codegenDrift(folder)).toEqual([]);
  });

  test("a module and a schema that came after", async () => {
    write("model/status.ts", "export const x = 1;");
    write("schema.js", "export default { tables: {} };");
    expect(await codegenDrift(folder)).toEqual([
      "api: module model/status is missing.",
      "data model: it was made before there was a schema.",
    ]);
  });

  test("generated files that are not there", async () => {
    rmSync(path.join(folder, "_generated/api.d.ts"));
    rmSync(path.join(folder, "_generated/server.d.ts"));
    expect(await codegenDrift(folder)).toEqual([
      "_generated/api is missing.",
      "_generated/server is missing.",
    ]);
  });
});
