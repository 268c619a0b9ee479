import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { describe, expect, it, onTestFinished } from "vitest";
import { FREE_PORTS, runCli, type Run } from "./processes";
import { action, eventually, mutation, query, watch } from "./support";

const PACKAGES = fileURLToPath(new URL("../../node_modules", import.meta.url));

const FILES: Record<string, string> = {
  "convex/_generated/server.js": `
    export { queryGeneric as query, mutationGeneric as mutation, actionGeneric as action,
      internalMutationGeneric as internalMutation, httpActionGeneric as httpAction } from "convex/server";`,
  "convex/_generated/api.js": `
    import { anyApi } from "convex/server";
    export const api = anyApi;
    export const internal = anyApi;`,
  "convex/schema.ts": `
    import { defineSchema, defineTable } from "convex/server";
    import { v } from "convex/values";
    export default defineSchema({ todos: defineTable({ text: v.string() }).index("by_text", ["text"]) });`,
  "convex/todos.ts": `
    import { ConvexError, v } from "convex/values";
    import shout from "shouting";
    import { internal } from "./_generated/api";
    import { action, internalMutation, mutation, query } from "./_generated/server";
    import { decorated } from "./lib/decorated";

    export const list = query({
      args: {},
      handler: async (ctx) => (await ctx.db.query("todos").withIndex("by_text").collect()).map(({ text }) => text),
    });
    export const add = mutation({
      args: { text: v.string() as any },
      handler: async (ctx, { text }: { text: string }) => { await ctx.db.insert("todos", { text: decorated(shout(text)) }); },
    });
    export const refuse = internalMutation({
      args: {},
      handler: async () => { throw new ConvexError({ code: "no" }); },
    });
    const tried = async (ctx: any) => {
      try {
        await ctx.runMutation(internal.todos.refuse, {});
      } catch (error) {
        return error instanceof ConvexError ? error.data : "not a ConvexError";
      }
    };
    export const inAction = action({ args: {}, handler: tried });
    export const inMutation = mutation({ args: {}, handler: tried });
    export const who = query({ args: {}, handler: async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null });`,
  "convex/lib/decorated.ts": `export const decorated = (text: string): string => "* " + text;`,
  "convex/todos.test.ts": `throw new Error("tests are not deployed");`,
  "convex/http.ts": `
    import { httpRouter } from "convex/server";
    import { api } from "./_generated/api";
    import { httpAction } from "./_generated/server";
    const http = httpRouter();
    http.route({
      path: "/todos",
      method: "POST",
      handler: httpAction(async (ctx, request) => {
        await ctx.runMutation(api.todos.add, { text: await request.text() });
        return new Response(null, { status: 201 });
      }),
    });
    export default http;`,
  "convex/crons.ts": `
    import { cronJobs } from "convex/server";
    import { internal } from "./_generated/api";
    const crons = cronJobs();
    crons.interval("beat", { seconds: 1 }, internal.beats.beat);
    export default crons;`,
  "convex/beats.ts": `
    import { internalMutation } from "./_generated/server";
    export const beat = internalMutation({ args: {}, handler: async () => { console.log("a beat"); } });`,
  "convex/auth.config.ts": `
    export default { providers: [{ domain: "https://auth.example.org", applicationID: "todos" }] };`,
  "node_modules/shouting/package.json": `{ "name": "shouting", "main": "index.cjs" }`,
  "node_modules/shouting/index.cjs": `module.exports = (text) => text.toUpperCase();`,
};

/** An app somewhere else on the machine, with packages of its own. */
function app(files: Record<string, string>, { ownConvex = false } = {}): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "todo-app-")));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const write = (name: string, content: string): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  };
  // Without a type, the app's modules get the library as CommonJS: another copy, too.
  write("package.json", ownConvex ? `{ "type": "module" }` : `{ "name": "todo-app" }`);
  for (const [name, content] of Object.entries(files)) write(name, content);
  mkdirSync(path.join(folder, "node_modules"), { recursive: true });
  const [from, to] = [path.join(PACKAGES, "convex"), path.join(folder, "node_modules/convex")];
  if (!ownConvex) symlinkSync(from, to);
  else
    for (const name of ["package.json", "dist/esm"]) {
      cpSync(path.join(from, name), path.join(to, name), { recursive: true });
    }
  return folder;
}

function withoutFiles(start: string): Record<string, string> {
  return Object.fromEntries(Object.entries(FILES).filter(([name]) => !name.startsWith(start)));
}

interface Urls {
  url: string;
  siteUrl: string;
}

async function started({ output }: Run): Promise<Urls> {
  await eventually(() => {
    expect(output()).toContain("/dev/token");
  });
  const [, url = ""] = /CONVEX_URL +(\S+)/.exec(output()) ?? [];
  const [, siteUrl = ""] = /CONVEX_SITE_URL +(\S+)/.exec(output()) ?? [];
  return { url, siteUrl };
}

describe("npm run backend -- --functions", () => {
  it.each([
    ["the project", "", false],
    ["the folder of the functions", "convex", false],
    ["a project of ES modules with its own copy of the library", "", true],
  ])("serves the functions of %s", async (_, inside, ownConvex) => {
    const folder = path.join(app(FILES, { ownConvex }), inside);
    const run = runCli(["--functions", folder, ...FREE_PORTS]);
    const { url, siteUrl } = await started(run);

    const http = new ConvexHttpClient(url, { logger: false });
    const live = new ConvexClient(url, { logger: false });
    onTestFinished(() => live.close());
    const seen = watch(live, "todos:list");
    await http.mutation(mutation("todos:add"), { text: "milk" });
    await live.mutation(mutation("todos:add"), { text: "eggs" });
    const posted = await fetch(`${siteUrl}/todos`, { method: "POST", body: "bread" });
    expect(posted.status).toBe(201);
    await eventually(() => {
      expect(seen.at(-1)).toEqual(["* BREAD", "* EGGS", "* MILK"]);
    });

    const refused = http.mutation(mutation("todos:refuse"), {});
    await expect(refused).rejects.toThrow("Could not find public function for 'todos:refuse'");
    expect(await http.action(action("todos:inAction"), {})).toEqual({ code: "no" });
    expect(await http.mutation(mutation("todos:inMutation"), {})).toEqual({ code: "no" });

    const { token } = (await (await fetch(`${url}/dev/token?subject=alice`)).json()) as {
      token: string;
    };
    http.setAuth(token);
    expect(await http.query(query("todos:who"), {})).toBe("alice");
    http.setAuth(`${token.slice(0, -9)}forged-9`);
    await expect(http.query(query("todos:who"), {})).rejects.toThrow("Could not decode token");
    await eventually(() => {
      expect(run.output()).toContain("a beat");
    });
    run.child.kill("SIGINT");
    expect(await run.status).toBe(0);
  });

  it("serves functions alone: no schema, no http.ts, no crons, no auth.config", async () => {
    const todos = FILES["convex/todos.ts"] ?? "";
    const folder = app({
      ...withoutFiles("convex/"),
      "convex/todos.ts": todos
        .replaceAll("./_generated/server", "../server")
        .replaceAll("./_generated/api", "../api")
        .replace('.withIndex("by_text")', ""),
      "convex/lib/decorated.ts": FILES["convex/lib/decorated.ts"] ?? "",
      "server.js": FILES["convex/_generated/server.js"] ?? "",
      "api.js": FILES["convex/_generated/api.js"] ?? "",
    });
    const { url, siteUrl } = await started(runCli(["--functions", folder, ...FREE_PORTS]));
    const http = new ConvexHttpClient(url, { logger: false });
    await http.mutation(mutation("todos:add"), { text: "milk" });
    expect(await http.query(query("todos:list"), {})).toEqual(["* MILK"]);
    const site = await fetch(`${siteUrl}/todos`, { method: "POST", body: "bread" });
    expect([site.status, await site.text()]).toEqual([
      404,
      "This Convex deployment does not have HTTP actions enabled.",
    ]);
  });

  it("takes the folder that convex.json names, and one relative to where npm was called", async () => {
    const moved = Object.entries(FILES).map(([name, content]) => [
      name.replace(/^convex/, "backend/functions"),
      content,
    ]);
    const settings = { "convex.json": `{ "functions": "backend/functions/" }` };
    const folder = app({ ...(Object.fromEntries(moved) as typeof FILES), ...settings });
    const run = runCli(["--functions", path.basename(folder), ...FREE_PORTS], {
      INIT_CWD: path.dirname(folder),
    });
    const { url } = await started(run);
    expect(run.output()).toContain(path.join(folder, "backend/functions"));
    expect(await new ConvexHttpClient(url).query(query("todos:list"), {})).toEqual([]);
  });

  it.each<[string, Record<string, string>, string, RegExp[]]>([
    ["a folder that is not there", {}, "nowhere", [/no functions folder .*nowhere/, /--functions/]],
    ["a project without functions", {}, "", [/no folder convex\//, /npx convex dev/]],
    [
      "a folder without functions",
      { "convex/readme.ts": "export const text = 1;" },
      "convex",
      [/has no Convex functions/, /--functions/],
    ],
    [
      "functions that were never generated for",
      withoutFiles("convex/_generated"),
      "",
      [
        /todos\.ts could not be loaded|http\.ts could not be loaded|beats\.ts could not be loaded/,
        /npx convex codegen/,
      ],
    ],
    [
      "a missing package",
      { ...FILES, "convex/todos.ts": `import "not-installed-at-all";` },
      "",
      [/todos\.ts could not be loaded/, /not-installed-at-all/],
    ],
    [
      "a module that throws",
      { ...FILES, "convex/todos.ts": `export const x = 1; throw new Error("at loading");` },
      "",
      [/todos\.ts could not be loaded: at loading/],
    ],
  ])("says what to do about %s", async (_, files, inside, messages) => {
    const folder = path.join(app(files), inside);
    const { output, status } = runCli(["--functions", folder, ...FREE_PORTS]);
    expect(await status).toBe(1);
    for (const message of messages) expect(output()).toMatch(message);
    expect(output()).not.toContain("    at ");
  });

  it("says that components do not run", async () => {
    const config = `
      import { defineApp } from "convex/server";
      export default defineApp();`;
    const folder = app({
      ...FILES,
      "convex/convex.config.ts": config,
      "convex/counter/convex.config.ts": config,
      "convex/counter/broken.ts": `throw new Error("a component's code is not the app's");`,
    });
    const run = runCli(["--functions", folder, ...FREE_PORTS]);
    await started(run);
    expect(run.output()).toContain("runs no components");
  });
});
