import type { ConvexReactClient } from "convex/react";
import type { FunctionArgs, FunctionReference, FunctionReturnType } from "convex/server";
import { jobsApi } from "./backend";
import { asTranscriptionError } from "./errors";
import type { ConvexHttp } from "./sync/convexHttp";

type Mutation = FunctionReference<"mutation">;

/**
 * The mutations of a page, over the socket while it is connected, else over plain HTTP. All can be
 * sent again without harm (`create` gets its id from the page), so that what a client left
 * unanswered when it was replaced is sent by its successor. They throw TranscriptionError.
 */
export class JobCommands {
  #client: ConvexReactClient;
  readonly #http: ConvexHttp | null;
  #tellReplaced: () => void = () => undefined;
  #replaced = this.#nextReplacement();

  /** @param http `null` where there is no token for it */
  constructor(client: ConvexReactClient, http: ConvexHttp | null) {
    this.#client = client;
    this.#http = http;
  }

  /** The page has another client from now on. */
  use(client: ConvexReactClient): void {
    if (client === this.#client) return;
    this.#client = client;
    const tell = this.#tellReplaced;
    this.#replaced = this.#nextReplacement();
    tell();
  }

  create(args: FunctionArgs<typeof jobsApi.create>) {
    return this.#run(jobsApi.create, args);
  }

  cancel(jobId: string) {
    return this.#run(jobsApi.cancel, { jobId });
  }

  /** A job that is not there is as good as removed: the first answer may have been lost. */
  async remove(jobId: string): Promise<void> {
    try {
      await this.#run(jobsApi.remove, { jobId });
    } catch (error) {
      if (asTranscriptionError(error).code !== "job_not_found") throw error;
    }
  }

  ticket(jobId: string) {
    return this.#run(jobsApi.ticket, { jobId });
  }

  uploadFailed(jobId: string, error: string) {
    return this.#run(jobsApi.uploadFailed, { jobId, error });
  }

  async #run<M extends Mutation>(
    mutation: M,
    args: FunctionArgs<M>,
  ): Promise<FunctionReturnType<M>> {
    try {
      for (;;) {
        const answer = await this.#attempt(mutation, args);
        if (answer !== "replaced") return answer.value;
      }
    } catch (error) {
      // Over HTTP a missing network is a TypeError, and a late answer is given up.
      const isNetwork = error instanceof TypeError || error instanceof DOMException;
      throw asTranscriptionError(error, isNetwork ? "convex_unreachable" : "convex_error");
    }
  }

  /** The transport is chosen once: sent twice, a late `create` could bring back a removed job. */
  async #attempt<M extends Mutation>(
    mutation: M,
    args: FunctionArgs<M>,
  ): Promise<"replaced" | { value: FunctionReturnType<M> }> {
    if (this.#http !== null && !this.#client.connectionState().isWebSocketConnected) {
      const http = await this.#http.client();
      return { value: await http.mutation(mutation, args) };
    }
    const sent = this.#client.mutation(mutation, args).then((value) => ({ value }));
    // The answer of a client that was replaced is nobody's.
    sent.catch(() => undefined);
    return await Promise.race([sent, this.#replaced]);
  }

  #nextReplacement(): Promise<"replaced"> {
    return new Promise((resolve) => {
      this.#tellReplaced = () => {
        resolve("replaced");
      };
    });
  }
}
