import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api } from "../../convex/_generated/api";
import { startBackend, type Backend } from "../src/backend";

const README = readFileSync("README.md", "utf8");
const KEY = "key-of-the-readme";

const shellBlocks = [...README.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
const curls = shellBlocks.filter((block) => block.startsWith("curl "));

describe("README's curl examples work as pasted", () => {
  let backend: Backend;
  let client: ConvexHttpClient;

  beforeAll(async () => {
    const env = { CONVEX_API_KEY: KEY };
    backend = await startBackend({ port: 0, sitePort: 0, env, log: () => undefined });
    client = new ConvexHttpClient(backend.url, { logger: false });
    client.setAuth(await backend.token("reader"));
    // What its `npx convex run … createFor` does on a deployment.
    await client.mutation(api.transcriptionJobs.create, { jobId: "first-job" });
  });
  afterAll(async () => {
    await backend.close();
  });

  async function paste(block: string): Promise<unknown> {
    const env = { ...process.env, CONVEX_SITE_URL: backend.siteUrl, CONVEX_API_KEY: KEY };
    const { stdout } = await promisify(execFile)("sh", ["-c", block], { env });
    return JSON.parse(stdout) as unknown;
  }

  test("one after the other, and again", async () => {
    expect(curls).toHaveLength(3);
    const [report = "", complete = "", health = ""] = curls;
    expect(await paste(report)).toMatchObject({ outcome: "applied", progress: 40, sequence: 1 });
    expect(await paste(complete)).toMatchObject({ outcome: "applied", status: "completed" });
    expect(await paste(complete)).toMatchObject({ outcome: "duplicate" });
    expect(await paste(report)).toMatchObject({ outcome: "ignored", status: "completed" });
    expect(await paste(health)).toEqual({ ok: true });
    expect(await client.query(api.transcriptionJobs.get, { jobId: "first-job" })).toMatchObject({
      status: "completed",
      result: { text: "Good morning. How are you?", language: "en" },
      segmentCount: 2,
    });
  });
});

describe("README names what is there", () => {
  const scripts = (file: string) =>
    Object.keys((JSON.parse(readFileSync(file, "utf8")) as { scripts: object }).scripts);

  test("its npm scripts exist", () => {
    const named = [...README.matchAll(/npm run ([\w:-]+)(?: --workspace (\w+))?/g)];
    expect(named.length).toBeGreaterThan(5);
    for (const [, script, workspace = "."] of named) {
      const file = `${workspace}/package.json`;
      expect(scripts(file)).toContain(script);
    }
  });

  test("its functions are the public ones, all of them", async () => {
    const functions = Object.entries(await import("../../convex/transcriptionJobs"))
      .filter(([, registered]) => "isPublic" in registered)
      .map(([name]) => name);
    const table = README.slice(README.indexOf("## Functions"), README.indexOf("## Operating"));
    const named = [...table.matchAll(/`(\w+)\(\{/g)].map(([, name = ""]) => name);
    expect(new Set(named)).toEqual(new Set([...functions, "ConvexError"]));
  });

  test("its files and folders exist", () => {
    for (const [, path = ""] of README.matchAll(/\]\(((?!https:|#)[^)]+)\)/g)) {
      expect(() => readFileSync(path)).not.toThrow();
    }
  });
});
