import type { Value } from "convex/values";
import { describe, expect, it } from "vitest";
import { action, eventually, httpClient, mutation, query, startFixture } from "./support";

const HELP =
  "Consider using smaller limits in your queries, paginating your queries, or using indexed " +
  "queries with a selective index range expressions.";

describe("a function that has called another one catches", () => {
  const inAction = ["an action", (name: string) => action(name), "calls:inAction"] as const;
  const inMutation = ["a mutation", (name: string) => mutation(name), "calls:inMutation"] as const;

  async function caughtBy(
    [, , caller]: typeof inAction | typeof inMutation,
    name: string,
    args: object,
  ): Promise<unknown> {
    const client = await httpClient(await startFixture());
    return caller === "calls:inAction"
      ? client.action(action(caller), { name, args })
      : client.mutation(mutation(caller), { name, args });
  }

  describe.each([[inAction], [inMutation]])("%s", (caller) => {
    it("the text of an exception, unredacted", async () => {
      expect(await caughtBy(caller, "calls:fails", { how: "type" })).toEqual({
        message: "Uncaught TypeError: a wrong turn",
        name: "Error",
        isConvexError: false,
        isOwnError: false,
      });
    });

    it("the data of a ConvexError", async () => {
      expect(await caughtBy(caller, "calls:fails", { how: "text" })).toEqual({
        message: "Uncaught ConvexError: in words",
        name: "ConvexError",
        isConvexError: true,
        isOwnError: false,
        data: "in words",
      });
      expect(await caughtBy(caller, "calls:fails", { how: "data" })).toMatchObject({
        isConvexError: true,
        isOwnError: false,
        data: { code: "no_luck", big: 3n, list: [1, null] },
      });
    });

    it("that there is no such function, or that it takes no such arguments", async () => {
      expect(await caughtBy(caller, "nowhere:add", {})).toMatchObject({
        message:
          "Couldn't find JavaScript module 'nowhere.js'. Did you forget to run `npx convex dev`?",
      });
      expect(await caughtBy(caller, "notes:nothing", {})).toMatchObject({
        message: `Couldn't find "nothing" in module "notes.js".`,
      });
      const list = Array<number>(8_192).fill(0);
      expect(await caughtBy(caller, "notes:echoBack", { value: list })).toBeNull();
    });

    it.each([
      ["queries", `Too many reads in a single function execution (limit: 4096). ${HELP}`],
      ["documents written", "Too many writes in a single function execution (limit: 16000)"],
      ["bytes written", "Too many bytes written in a single function execution (limit: 16 MiB)"],
      ["scheduled", "Too many functions scheduled by this mutation (limit: 1000)"],
      ["document", "Value is too large (1.91 MiB > maximum size 1 MiB)"],
      ["array", "Array length is too long (8193 > maximum length 8192)"],
      ["array patched", "Array length is too long (8193 > maximum length 8192)"],
    ])("the limit of %s in the platform's words", async (limit, message) => {
      const error = await caughtBy(caller, "calls:beyond", { limit });
      expect(error).toMatchObject({ message: `Uncaught Error: ${message}` });
    });
  });

  it("the limits of what is read in the platform's words", async () => {
    const client = await httpClient(await startFixture());
    const beyond = (limit: string) =>
      client.action(action("calls:inAction"), { name: "calls:beyond", args: { limit } });
    await client.mutation(mutation("calls:fill"), { count: 16, size: 1 });
    expect(await beyond("documents read")).toMatchObject({
      message:
        "Uncaught Error: Too many documents read in a single function execution " +
        `(limit: 32000). ${HELP}`,
    });
    await client.mutation(mutation("calls:fill"), { count: 15, size: 1_000_000 });
    expect(await beyond("bytes read")).toMatchObject({
      message:
        "Uncaught Error: Too many bytes read in a single function execution " +
        `(limit: 16777216 bytes). ${HELP}`,
    });
  });

  it("what a nested call says, in front of a client once more", async () => {
    const client = await httpClient(await startFixture());
    const call = client.action(action("calls:uncaught"), {
      name: "calls:fails",
      args: { how: "type" },
    });
    await expect(call).rejects.toThrow(
      /Server Error\nUncaught Error: Uncaught TypeError: a wrong turn/,
    );
  });
});

/** A list in a list in a list, and so on: with the object of arguments around, one level more. */
function nested(levels: number): Value {
  return levels === 1 ? [] : [nested(levels - 1)];
}

describe("arguments of clients", () => {
  it("may be as large as the platform takes", async () => {
    const client = await httpClient(await startFixture());
    for (const value of [nested(62), Array<number>(8_192).fill(0), "x".repeat(15_000_000)]) {
      expect(await client.query(query("notes:echo"), { value })).toEqual(value);
    }
  });

  it.each([
    [
      "an array",
      { value: Array<number>(8_193).fill(0) },
      "Invalid arguments for notes.js:echo: Array length is too long (8193 > maximum length 8192)",
    ],
    [
      "fields",
      { value: Object.fromEntries(Array.from({ length: 1_025 }, (_, n) => [`f${n}`, n])) },
      "Object has too many fields (1025 > maximum number 1024)",
    ],
    [
      "nesting",
      { value: nested(63) },
      "Invalid arguments for notes.js:echo: " +
        "Value is too nested (nested 65 levels deep > maximum nesting 64)",
    ],
    [
      "bytes",
      { value: "x".repeat(16 * 1024 * 1024 - 9) },
      "Arguments for notes.js:echo are too large (actual: 16 MiB, limit: 16 MiB)",
    ],
  ])("are refused for too much of %s", async (_, args, message) => {
    const client = await httpClient(await startFixture());
    await expect(client.query(query("notes:echo"), args)).rejects.toThrow(message);
  });
});

describe("scheduling", () => {
  const refused = [
    ["nowhere:add", {}, "Attempted to schedule function at nonexistent path: nowhere.js"],
    [
      "notes:nothing",
      {},
      "Attempted to schedule function, but no exported function nothing found in the file: " +
        "notes.js. Did you forget to export it?",
    ],
    [
      "notes",
      {},
      "Attempted to schedule function, but no exported function default found in the file: " +
        "notes.js. Did you forget to export it?",
    ],
  ] as const;

  it.each(refused)("%s fails at once, and a mutation may go on", async (name, args, message) => {
    const client = await httpClient(await startFixture());
    const scheduled = mutation("calls:scheduleInMutation");
    expect(await client.mutation(scheduled, { name, args })).toBe(message);
    expect(await client.query(query("notes:count"), {})).toBe(1);
    expect(await client.query(query("notes:scheduled"), {})).toBe(0);
    expect(await client.action(action("calls:scheduleInAction"), { name, args })).toBe(message);
  });

  it("with too much fails at once", async () => {
    const client = await httpClient(await startFixture());
    const scheduled = mutation("calls:scheduleList");
    expect(await client.mutation(scheduled, { length: 8_192 })).toBeNull();
    expect(await client.mutation(scheduled, { length: 8_193 })).toBe(
      "Invalid arguments for notes.js:echoBack: " +
        "Array length is too long (8193 > maximum length 8192)",
    );
  });

  it("what is there works, internal functions too", async () => {
    const backend = await startFixture();
    const client = await httpClient(backend);
    for (const caller of ["calls:scheduleInMutation", "calls:scheduleInAction"]) {
      const call = { name: "notes:add", args: { text: caller } };
      const answer = caller.endsWith("Action")
        ? client.action(action(caller), call)
        : client.mutation(mutation(caller), call);
      expect(await answer).toBeNull();
    }
    await eventually(async () => {
      expect(await client.query(query("notes:count"), {})).toBe(3);
    });
    const clear = { name: "notes:clearAll", args: {} };
    expect(await client.action(action("calls:scheduleInAction"), clear)).toBeNull();
    await eventually(async () => {
      expect(await client.query(query("notes:count"), {})).toBe(0);
    });
  });
});
