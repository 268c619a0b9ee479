import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { ConvexClient, type ConvexClientOptions } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { WebSocket } from "ws";

/** Where a measured backend is, and the token to sign in with, if it asks for one. */
export interface Address {
  url: string;
  siteUrl: string;
  token: string | null;
}

/** What the serving process tells its parent. */
export interface Served {
  ours: Address;
  bare: Address;
}

/** The names by which a measured module's functions are called. */
const FUNCTIONS = {
  ours: { create: "transcriptionJobs:create", get: "transcriptionJobs:get" },
  bare: { create: "jobs:create", get: "jobs:get" },
};

type WebSocketConstructor = NonNullable<ConvexClientOptions["webSocketConstructor"]>;

/** Counts what the server sends, before the client looks at it. */
function countingWebSocket(count: (bytes: number) => void): WebSocketConstructor {
  class CountingWebSocket extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      this.on("message", (data: Buffer) => {
        count(data.byteLength);
      });
    }
  }
  // `ws` has the browser's interface, as far as the client uses it.
  return CountingWebSocket as unknown as WebSocketConstructor;
}

/** One of the two things that are compared, with a client of its own. */
export class Subject {
  bytesReceived = 0;
  readonly client: ConvexClient;
  readonly #post: (body: object) => Promise<Response>;
  readonly #functions: { create: string; get: string };

  constructor(name: keyof typeof FUNCTIONS, { url, siteUrl, token }: Address, key: string) {
    this.#functions = FUNCTIONS[name];
    this.client = new ConvexClient(url, {
      logger: false,
      webSocketConstructor: countingWebSocket((bytes) => {
        this.bytesReceived += bytes;
      }),
    });
    if (token !== null) this.client.setAuth(() => Promise.resolve(token));
    this.#post = async (body) =>
      await fetch(`${siteUrl}/updateTranscriptionJob`, {
        method: "POST",
        headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
  }

  /** Makes a job and returns its id. */
  async newJob(): Promise<string> {
    const create = makeFunctionReference<"mutation", { jobId: string }>(this.#functions.create);
    const jobId = randomUUID();
    await this.client.mutation(create, { jobId });
    return jobId;
  }

  /**
   * Sends a progress update.
   * @throws Error when it is not taken, since then there is nothing to measure
   */
  async tick(jobId: string, sequence: number): Promise<void> {
    const progress = (sequence % 1_000) / 10;
    const response = await this.#post({ jobId, status: "processing", sequence, progress });
    const answer = await response.text();
    if (!response.ok) throw new Error(`An update was answered ${response.status}: ${answer}`);
  }

  /** Calls back with the row's sequence whenever a subscription brings it. */
  watch(jobId: string, onSequence: (sequence: number) => void): () => void {
    const get = makeFunctionReference<"query", { jobId: string }, { sequence?: number } | null>(
      this.#functions.get,
    );
    return this.client.onUpdate(get, { jobId }, (row) => {
      onSequence(row?.sequence ?? 0);
    });
  }
}

/** Starts the serving process; it ends with this one. */
export async function serveSubjects(key: string): Promise<{ served: Served; stop: () => void }> {
  const child = fork(new URL("serve.ts", import.meta.url), {
    env: { ...process.env, CONVEX_API_KEY: key },
  });
  const [served] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => {
      throw new Error(`The measured backends ended with ${String(code)}.`);
    }),
  ])) as [Served];
  return {
    served,
    stop: () => {
      child.disconnect();
    },
  };
}
