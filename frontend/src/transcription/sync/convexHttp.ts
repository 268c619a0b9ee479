import { ConvexHttpClient } from "convex/browser";
import { jobsApi } from "../backend";
import { TranscriptionError } from "../errors";
import { hasEnded } from "./compareRows";
import type { ConvexRows } from "./composeJobs";
import type { ReadScope } from "./convexLink";

/** Milliseconds that Convex has for an answer: less than the pause between two readings. */
const TIMEOUT_MS = 4_000;
/** Finished jobs that are read: enough to see how those ended that were active. */
const FINISHED_READ = 20;

/** Convex over plain HTTP, for as long as the subscription cannot be trusted. */
export class ConvexHttp {
  readonly #url: string;
  readonly #fetchToken: () => Promise<string | null>;

  /** @param fetchToken gives the signed-in user's token */
  constructor(url: string, fetchToken: () => Promise<string | null>) {
    this.#url = url;
    this.#fetchToken = fetchToken;
  }

  /** A client with a fresh token. @throws TranscriptionError `unauthenticated` */
  async client(): Promise<ConvexHttpClient> {
    const auth = await this.#fetchToken();
    if (auth === null) throw new TranscriptionError("unauthenticated", "You are not signed in.");
    return new ConvexHttpClient(this.#url, {
      auth,
      logger: false,
      skipConvexDeploymentUrlCheck: true,
      fetch: (input, init) =>
        fetch(input, { ...init, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) }),
    });
  }

  /** The user's jobs; of those that have ended the newest, and only where they are wanted. */
  async read(rows: ConvexRows, scope: ReadScope): Promise<ConvexRows> {
    const client = await this.client();
    const active = await client.query(jobsApi.listActive, {});
    if (scope === "active" && !hasEnded(active, rows)) return { active, finished: [] };
    const paginationOpts = { numItems: FINISHED_READ, cursor: null };
    const { page } = await client.query(jobsApi.listFinished, { paginationOpts });
    return { active, finished: page };
  }
}
