import { describe, expect, test } from "vitest";
import { readGeneratedApi } from "../../scripts/lib/generatedApi";

/** As `convex codegen --system-udfs` writes it. */
const OLDER = `/* eslint-disable */
import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import type * as jobs from "../jobs.js";
import type * as model_status from "../model/status.js";

declare const fullApi: ApiFromModules<{
  jobs: typeof jobs;
  "model/status": typeof model_status;
}>;
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;
`;

/** As `convex dev` writes it: other order, and the components of the app. */
const NEWER = `/* eslint-disable */
import type * as jobs from "../jobs.js";
import type * as model_status from "../model/status.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  jobs: typeof jobs;
  "model/status": typeof model_status;
}>;
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  workpool: import("@convex-dev/workpool/_generated/component.js").ComponentApi<"workpool">;
};
`;

/** As both write it with `codegen.fileType: "ts"`. */
const TYPESCRIPT = `import type * as jobs from "../jobs.js";
import type { ApiFromModules, FilterApi, FunctionReference } from "convex/server";
import { anyApi, componentsGeneric } from "convex/server";

const fullApi: ApiFromModules<{
  jobs: typeof jobs;
}> = anyApi as any;
export const api: FilterApi<typeof fullApi, FunctionReference<any, "public">> = anyApi as any;
`;

/** As `convex dev` writes it with `codegen.staticApi`. */
const STATIC = `import type { FunctionReference } from "convex/server";
import type { GenericId as Id } from "convex/values";

export declare const api: {
  jobs: {
    list: FunctionReference<"query", "public", { limit?: number }, any>;
  };
  "nested-folder": { tools: { run: FunctionReference<"action", "public", {}, any> } };
};
export declare const internal: {
  jobs: { clean: FunctionReference<"mutation", "internal", {}, null> };
};
export declare const components: {};
`;

describe("the forms that Convex writes", () => {
  test.each([
    ["older", OLDER],
    ["newer", NEWER],
  ])("%s: the imported modules", (_name, text) => {
    expect(readGeneratedApi(text)).toEqual({ form: "imports", modules: ["jobs", "model/status"] });
  });

  test("one TypeScript file instead of two", () => {
    expect(readGeneratedApi(TYPESCRIPT)).toEqual({ form: "imports", modules: ["jobs"] });
  });

  test("static: the functions, public and internal", () => {
    expect(readGeneratedApi(STATIC)).toEqual({
      form: "static",
      functions: ["jobs:clean", "jobs:list", "nested-folder/tools:run"],
    });
  });

  test("no modules at all", () => {
    const text = "declare const fullApi: ApiFromModules<{}>;";
    expect(readGeneratedApi(text)).toEqual({ form: "imports", modules: [] });
  });
});

describe("what Convex does not write", () => {
  test.each([
    ["the stub of a first push", "export declare const api: AnyApi;", "lists no modules"],
    ["an import that is not listed", OLDER.replace("  jobs: typeof jobs;\n", ""), "does not list"],
    [
      "a name for another module",
      OLDER.replace("jobs: typeof jobs", "jobs: typeof model_status"),
      '"jobs" is not the module',
    ],
    [
      "a listed module that is not imported",
      OLDER.replace('import type * as jobs from "../jobs.js";\n', ""),
      '"jobs" is not the module',
    ],
  ])("%s", (_name, text, reason) => {
    expect(readGeneratedApi(text)).toEqual({
      form: "unknown",
      reason: expect.stringContaining(reason) as string,
    });
  });
});
