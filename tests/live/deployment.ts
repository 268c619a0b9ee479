import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { ConvexHttpClient } from "convex/browser";
import { api } from "../../convex/_generated/api";
import type { RowReader } from "../support/vectorRunner";

/** The deployment under test, as the environment describes it. */
export interface Deployment {
  siteUrl: string;
  key: string;
  rows: Rows;
}

/** Where rows come from. `create` makes one and returns its `userId`. */
export type Rows = { description: string } & (
  | { kind: "none" }
  | { kind: "cli"; create(jobId: string): Promise<string> }
  | ({ kind: "user"; create(jobId: string): Promise<string> } & UserRows)
);
type UserRows = RowReader & { remove(jobId: string): Promise<void> };

/** The deployment, or what is missing from the environment. */
export function readDeployment(env = process.env): Deployment | { problem: string } {
  const url = setting(env, "CONVEX_URL");
  const key = setting(env, "CONVEX_API_KEY");
  if (url === undefined || key === undefined) {
    const missing = [...(url ? [] : ["CONVEX_URL"]), ...(key ? [] : ["CONVEX_API_KEY"])];
    return {
      problem:
        `Set ${missing.join(" and ")}: CONVEX_URL is the deployment's address, such as ` +
        "https://happy-animal-123.convex.cloud or http://127.0.0.1:3210, and CONVEX_API_KEY one of its keys.",
    };
  }
  const siteUrl = setting(env, "CONVEX_SITE_URL") ?? siteUrlOf(url);
  if (siteUrl === undefined) {
    return { problem: `Set CONVEX_SITE_URL: where ${url} serves HTTP actions is not known.` };
  }
  // A deployment's variable may hold several keys; any of them will do.
  const [firstKey = key] = key.split(",");
  const base = { siteUrl: siteUrl.replace(/\/$/, ""), key: firstKey.trim() };
  const token = setting(env, "CONVEX_TEST_TOKEN");
  if (token !== undefined) return { ...base, rows: rowsOfUser(url, token) };
  return { ...base, rows: isCliConfigured(env) ? rowsOfCli() : NO_ROWS };
}

function setting(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}

/** Convex's own places for HTTP actions: `.convex.site`, and the next port on this machine. */
export function siteUrlOf(convexUrl: string): string | undefined {
  const url = new URL(convexUrl);
  if (url.hostname.endsWith(".convex.cloud")) {
    return `https://${url.hostname.replace(/\.convex\.cloud$/, ".convex.site")}`;
  }
  const isLocal = ["127.0.0.1", "localhost"].includes(url.hostname);
  return isLocal && url.port === "3210" ? `${url.protocol}//${url.hostname}:3211` : undefined;
}

const NO_ROWS: Rows = {
  kind: "none",
  description:
    "Only the vectors that need no row run: there is no CONVEX_TEST_TOKEN, and no deployment " +
    "that `npx convex run` knows.",
};

function rowsOfUser(url: string, token: string): Rows {
  const client = new ConvexHttpClient(url, { auth: token, logger: false });
  const functions = api.transcriptionJobs;
  const row = async (jobId: string) => await client.query(functions.get, { jobId });
  return {
    kind: "user",
    description: "Rows are made and read as the user of CONVEX_TEST_TOKEN.",
    create: async (jobId) => {
      await client.mutation(functions.create, { jobId, fileName: "speech.flac", fileSize: 1234 });
      const created = await row(jobId);
      if (!created) throw new Error(`create made ${jobId}, but get does not find it`);
      return created.userId;
    },
    row,
    snapshot: row,
    page: async (jobId, page) => await client.query(functions.transcript, { jobId, page }),
    cancel: async (jobId) => await client.mutation(functions.cancel, { jobId }),
    remove: async (jobId) => {
      await client.mutation(functions.cancel, { jobId });
      await client.mutation(functions.remove, { jobId });
    },
  };
}

function rowsOfCli(): Rows {
  const userId = `vectors-${crypto.randomUUID()}`;
  const run = promisify(execFile);
  return {
    kind: "cli",
    description:
      "Rows are made with `npx convex run`, seconds for each; without CONVEX_TEST_TOKEN they " +
      "are not read, so that only the answers are checked.",
    create: async (jobId) => {
      const args = JSON.stringify({ userId, jobId });
      await run("npx", ["convex", "run", "transcriptionJobs:createFor", args]);
      return userId;
    },
  };
}

/** Whether the Convex CLI finds a deployment in the environment or in the files that it reads. */
function isCliConfigured(env: NodeJS.ProcessEnv): boolean {
  const files = [".env.local", ".env"].filter((file) => existsSync(file));
  const inFiles = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const has = (name: string) =>
    setting(env, name) !== undefined ||
    new RegExp(`^\\s*(export\\s+)?${name}=\\S`, "m").test(inFiles);
  return (
    has("CONVEX_DEPLOYMENT") ||
    has("CONVEX_DEPLOY_KEY") ||
    (has("CONVEX_SELF_HOSTED_URL") && has("CONVEX_SELF_HOSTED_ADMIN_KEY"))
  );
}
