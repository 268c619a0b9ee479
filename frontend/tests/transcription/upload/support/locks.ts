/**
 * Web Locks in memory, as browsers keep them for all pages of an origin: exclusive, in the order of
 * the requests, given on when the work ends, its request is aborted or its page dies.
 */
export class MemoryLocks {
  readonly #queues = new Map<string, Request[]>();

  /** What one page sees. */
  page(): PageLocks {
    const dead = new AbortController();
    return {
      request: async (name: string, ...rest: unknown[]): Promise<never> => {
        const work = rest.at(-1) as LockGrantedCallback<unknown>;
        const { signal } = (rest.length > 1 ? rest[0] : {}) as LockOptions;
        return (await this.#request(name, work, dead.signal, signal)) as never;
      },
      query: () => Promise.reject(new Error("not needed here")),
      die: () => {
        dead.abort();
      },
    };
  }

  /** How many requests hold a lock or wait for it. */
  queued(name: string): number {
    return this.#queues.get(name)?.length ?? 0;
  }

  #request(
    name: string,
    work: LockGrantedCallback<unknown>,
    dead: AbortSignal,
    signal?: AbortSignal,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (dead.aborted) return;
      if (signal?.aborted === true) throw signal.reason;
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      const leave = (): void => {
        const place = queue.indexOf(request);
        if (place === -1) return;
        queue.splice(place, 1);
        if (place === 0) queue[0]?.grant();
      };
      const request: Request = {
        granted: false,
        grant: () => {
          request.granted = true;
          const held = (async () => await work({ mode: "exclusive", name }))();
          held.finally(leave).then(resolve, reject);
        },
      };
      dead.addEventListener("abort", leave);
      signal?.addEventListener("abort", () => {
        if (request.granted) return;
        leave();
        reject(signal.reason as Error);
      });
      queue.push(request);
      // Never within the call.
      if (queue.length === 1) queueMicrotask(request.grant);
    });
  }
}

/** One page's locks. */
export interface PageLocks extends LockManager {
  /** Ends the page: its locks are free, its requests forgotten. */
  die: () => void;
}

interface Request {
  granted: boolean;
  grant: () => void;
}
