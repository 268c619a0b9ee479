import { type GenericMutationCtx, httpRouter } from "convex/server";
import type { DataModel } from "../convex/transcription/context.js";
import {
  defineTranscriptionJobs,
  type NewJob,
  REFUSALS,
  registerRoutes,
  type Status,
  type Outcome,
} from "../convex/transcription/server.js";
import { createJob } from "../convex/transcription/model/jobs.js";

declare const process: { env: Record<string, string | undefined> };

/** What `convexTest()` returns, as far as it is used here. */
export interface TestBackend {
  fetch: (path: string, init?: RequestInit) => Promise<Response>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any app's data model
  run: <Output>(act: (ctx: GenericMutationCtx<any>) => Promise<Output>) => Promise<Output>;
}

/** The endpoint's answer to one update. */
export interface Answer {
  ok: boolean;
  jobId?: string;
  outcome?: Outcome;
  status?: Status;
  progress?: number;
  attempt?: number;
  sequence?: number | null;
  error?: {
    code: keyof typeof REFUSALS;
    message: string;
    issues?: { path: string; message: string }[];
    expected?: number;
  };
}

export interface BatchAnswer {
  ok: boolean;
  results?: Answer[];
  error?: Answer["error"];
}

/**
 * Prepares an app's convex-test for the module: sets `CONVEX_API_KEY` and gives a worker's side.
 *
 * @param t what `convexTest(schema, modules)` returned
 * @param options.key the key that the endpoint takes from here on
 */
export function register(t: TestBackend, { key = "test-key" }: { key?: string } = {}) {
  process.env["CONVEX_API_KEY"] = key;

  const send = async (
    path: string,
    body: BodyInit | null,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    await t.fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}`, ...headers },
      body,
      // Node asks for it with a streamed body, the DOM's types do not know it.
      ...(body instanceof ReadableStream && { duplex: "half" }),
    });
  const answer = async (path: string, body: object) => {
    const response = await send(path, JSON.stringify(body));
    return { status: response.status, body: (await response.json()) as unknown };
  };

  return {
    /** Sends a body as it is, with the right headers unless told otherwise. */
    send,
    /** Posts one update, as a worker does. */
    post: async (update: object) =>
      (await answer("/updateTranscriptionJob", update)) as { status: number; body: Answer },
    /** Posts several updates in one request. */
    postAll: async (updates: object[]) =>
      (await answer("/updateTranscriptionJobs", { updates })) as {
        status: number;
        body: BatchAnswer;
      },
    /** Makes a pending job of this user, as `create` does, and returns its id. */
    createFor: async (userId: string, job: NewJob = {}): Promise<string> =>
      await t.run(
        async (ctx) => await createJob(ctx as GenericMutationCtx<DataModel>, userId, job),
      ),
  };
}

/**
 * The modules of an app that holds nothing but this one, for `convexTest(defineSchema(transcriptionTables), modules)`.
 * An app with functions of its own gives convex-test its `import.meta.glob("./**\/*.*s")` instead.
 */
export const modules: Record<string, () => Promise<unknown>> = {
  "/convex/_generated/api.js": () => Promise.resolve({}),
  "/convex/transcriptionJobs.js": () => Promise.resolve(defineTranscriptionJobs()),
  "/convex/http.js": () => {
    const http = httpRouter();
    registerRoutes(http);
    return Promise.resolve({ default: http });
  },
};
