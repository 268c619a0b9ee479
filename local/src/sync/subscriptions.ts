import { setImmediate as nextTurn } from "node:timers/promises";
import type { User } from "../auth/user";
import type { Deployment, SnapshotReader } from "../functions/deployment";
import { failed, type Outcome } from "../functions/outcome";
import { isReadLimit } from "../functions/words";
import { requestOf, resultOf, type QueryResult, type Subscription } from "./results";

/** A connection, as far as it has subscriptions. */
export interface Subscriber {
  readonly user: User | null;
  readonly subscriptions: Iterable<Subscription>;
  /** Takes the results as of `timestamp`; answers `false` when one that it needs is not there. */
  deliver(timestamp: bigint, results: Map<string, QueryResult>): boolean;
}

/** A query to run, and who waits for it to run. */
interface Wanted {
  subscription: Subscription;
  user: User | null;
  due: Subscription[];
}

/**
 * Keeps every subscriber up to date. After commits, equal queries run once, all of them in one
 * transaction, so that a Transition shows one moment; commits of one turn are pushed together.
 */
export class Subscriptions {
  readonly #deployment: Deployment;
  readonly #subscribers = new Set<Subscriber>();
  readonly #results = new Map<string, QueryResult>();
  #requested = false;
  #working = false;
  #closed = false;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
  }

  delete(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** Something has changed, in the data or in what a connection asks for: push, after this turn. */
  request(): void {
    this.#requested = true;
    if (this.#working) return;
    this.#working = true;
    void this.#work();
  }

  /** Stops pushing. */
  close(): void {
    this.#closed = true;
    this.#subscribers.clear();
  }

  async #work(): Promise<void> {
    while (this.#requested && !this.#closed) {
      await nextTurn();
      this.#requested = false;
      try {
        await this.#push();
      } catch (error) {
        this.#deployment.report("Subscriptions could not be updated", error);
      }
    }
    this.#working = false;
  }

  async #push(): Promise<void> {
    let timestamp = this.#deployment.clock.next();
    let stale = this.#stale();
    for (let first = true; stale.size > 0; first = false) {
      await this.#deployment.snapshot(async (read) => {
        if (first) {
          // Only now does nothing change any more: commits that came while waiting are included.
          stale = this.#stale();
          timestamp = this.#deployment.clock.next();
        }
        await this.#read(stale, read);
      });
    }
    for (const subscriber of this.#subscribers) {
      if (!subscriber.deliver(timestamp, this.#results)) this.#requested = true;
    }
  }

  /** The queries that somebody has subscribed to, one of each kind, whose result may have changed. */
  #stale(): Map<string, Wanted> {
    const inUse = new Set<string>();
    const stale = new Map<string, Wanted>();
    for (const { subscriptions, user } of this.#subscribers) {
      for (const subscription of subscriptions) {
        const { key, isDue } = subscription;
        inUse.add(key);
        if (!isDue && this.#results.get(key)?.commits === this.#deployment.commits) continue;
        const wanted = stale.get(key) ?? { subscription, user, due: [] };
        if (isDue) wanted.due.push(subscription);
        stale.set(key, wanted);
      }
    }
    for (const key of this.#results.keys()) if (!inUse.has(key)) this.#results.delete(key);
    return stale;
  }

  async #read(stale: Map<string, Wanted>, read: SnapshotReader): Promise<void> {
    let isFirst = true;
    for (const [key, { subscription, user, due }] of stale) {
      // Before the run: whoever signs in during it is due again.
      for (const other of due.splice(0)) other.isDue = false;
      const outcome = await read(requestOf(subscription, user));
      // The limits count for the transaction as a whole: what is left gets one of its own, which
      // costs the common moment, but only beyond 16 MiB of results.
      if (!isFirst && !outcome.success && isReadLimit(outcome.message)) return;
      isFirst = false;
      stale.delete(key);
      this.#store(key, serialise(subscription, outcome, this.#deployment.commits));
    }
  }

  #store(key: string, result: QueryResult): void {
    const known = this.#results.get(key);
    if (known?.fingerprint === result.fingerprint) known.commits = result.commits;
    else this.#results.set(key, result);
  }
}

function serialise(subscription: Subscription, outcome: Outcome, commits: number): QueryResult {
  try {
    return resultOf(subscription, outcome, commits);
  } catch (error) {
    // Nested too deeply for JSON: that query fails, and the push goes on.
    return resultOf(subscription, failed(error), commits);
  }
}
