import type { Clock } from "../clock";
import type { Job } from "../types";
import { hasNewerRow, isAhead } from "./compareRows";
import type { ConvexRows } from "./composeJobs";
import { TIMING } from "./timing";
import { within } from "./within";

/** What the link acts through. */
export interface ConvexLinkPorts {
  clock: Clock;
  /**
   * Convex's rows over plain HTTP; `null` where that is not possible. Finished ones with scope `all`,
   * and where one of `rows` is active no more.
   */
  readConvex: ((rows: ConvexRows, scope: ReadScope) => Promise<ConvexRows>) | null;
  /** Puts a new client in the place of one whose socket is dead; `null` where that is not possible. */
  replaceClient: (() => void) | null;
  stuckAfter: number;
}

/** How much is read: as a rule the active jobs tell enough, and each question is billed. */
export type ReadScope = "active" | "all";

/**
 * - `starting`: the first connection is being made.
 * - `up`: connected; what is pushed is trusted.
 * - `behind`: connected, but Convex over HTTP is ahead of what was pushed.
 * - `down`: not connected.
 */
export type LinkState = "starting" | "up" | "behind" | "down";

const NO_ROWS: ConvexRows = { active: [], finished: [] };

/** Convex → page: whether the subscription can be trusted, and what is read where it cannot. */
export class ConvexLink {
  readonly #ports: ConvexLinkPorts;
  #state: LinkState = "starting";
  #since: number;
  #rows = NO_ROWS;
  #read: ConvexRows | null = null;
  /** Those that were active in a reading since the subscription was trusted, by job. */
  readonly #seen = new Map<string, Job>();
  #pushedAt: number;
  #nextReadAt = -Infinity;
  #reading: "none" | "probe" | "reading" = "none";
  #hasFailed = false;
  /** Probes since the last push: each is longer in coming than the one before. */
  #probes = 0;
  #probedAt = -Infinity;
  #replacedAt = -Infinity;

  constructor(ports: ConvexLinkPorts) {
    this.#ports = ports;
    this.#since = this.#pushedAt = ports.clock.now();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Convex's rows as read over HTTP, while they are ahead of the subscription's; else `null`. */
  get read(): ConvexRows | null {
    return this.#read;
  }

  /** Whether the first look at a silence is under way: until it ends, nobody knows whose fault it is. */
  get isFindingOut(): boolean {
    return this.#reading === "probe" && this.#probes === 1;
  }

  /** Whether news may be on its way over HTTP; nothing is expected of a Convex that did not answer. */
  get isReading(): boolean {
    return this.#reading === "reading" && !this.#hasFailed;
  }

  setConnected(connected: boolean): void {
    if (!connected) {
      if (this.#state !== "starting" && this.#state !== "down") this.#enter("down");
    } else if (this.#state === "starting") {
      this.#enter("up");
    } else if (this.#state === "down") {
      this.#enter("behind");
      this.#trustIfEqual();
    }
  }

  /** The subscription has pushed rows. */
  receive(rows: ConvexRows): void {
    this.#rows = rows;
    this.#pushedAt = this.#ports.clock.now();
    this.#probes = 0;
    this.#probedAt = -Infinity;
    if (this.#read !== null && hasNewerRow(this.#read, rows)) return;
    this.#show(null);
    if (this.#state === "behind") this.#enter("up");
  }

  /** The page can act again: what is due is due at once. */
  resume(): void {
    this.#nextReadAt = -Infinity;
  }

  /** When there is something to do; `silentSince`: the last news of a job that is waited for. */
  dueAt(silentSince: number): number {
    if (this.#state === "starting") return this.#since + TIMING.firstConnection;
    if (this.#ports.readConvex === null || this.#reading !== "none") return Infinity;
    if (this.#state !== "up") return this.#nextReadAt;
    const { stuckAfter } = this.#ports;
    const silent = Math.max(silentSince, this.#pushedAt) + stuckAfter;
    return Math.max(silent, this.#probedAt + stuckAfter * 2 ** (this.#probes - 1));
  }

  /**
   * Does what is due, and takes in the answer unless `isStale` by then.
   * @returns what has been read, `null` where nothing new was learned
   */
  async run(isStale: () => boolean): Promise<ConvexRows | null> {
    const { clock, readConvex } = this.#ports;
    if (this.#state === "starting") this.#enter("down");
    if (readConvex === null) return null;
    const startedAt = clock.now();
    const isProbe = this.#state === "up";
    this.#reading = isProbe ? "probe" : "reading";
    this.#nextReadAt = startedAt + TIMING.convexRead;
    if (isProbe) {
      this.#probes += 1;
      this.#probedAt = startedAt;
    }
    let read: ConvexRows | null = null;
    try {
      // Where the subscription has never said anything, nobody knows the history.
      const scope = this.#rows === NO_ROWS ? "all" : "active";
      read = await within(clock, TIMING.answer, readConvex(this.#expected(), scope));
    } catch {
      // The state says so: Convex cannot be read.
    } finally {
      this.#reading = "none";
    }
    this.#hasFailed = read === null;
    if (isStale()) return null;
    // Meanwhile the subscription has spoken: it is newer.
    if (this.#state === "up" && (!isProbe || this.#pushedAt > startedAt)) return null;
    if (read === null) {
      if (this.#state === "up") this.#enter("behind");
      return null;
    }
    return this.#take(read);
  }

  #take(read: ConvexRows): ConvexRows | null {
    if (this.#state === "down") {
      this.#show(read);
      return read;
    }
    if (!isAhead(read, this.#rows)) {
      this.#show(null);
      this.#enter("up");
      return null;
    }
    this.#show(read);
    if (this.#state === "up") this.#enter("behind");
    else this.#replaceIfDead();
    return read;
  }

  /** A second reading was ahead, too: what is connected does not deliver. */
  #replaceIfDead(): void {
    const { clock, replaceClient, stuckAfter } = this.#ports;
    const now = clock.now();
    // Over a slow line the first pushes take their time, too.
    if (now - this.#since < TIMING.convexRead || now - this.#replacedAt < stuckAfter) return;
    this.#replacedAt = now;
    replaceClient?.();
  }

  #trustIfEqual(): void {
    if (this.#read !== null && isAhead(this.#read, this.#rows)) return;
    this.#show(null);
    this.#enter("up");
  }

  #show(read: ConvexRows | null): void {
    this.#read = read;
    if (read === null) this.#seen.clear();
    else for (const job of read.active) this.#seen.set(job.jobId, job);
  }

  /** The rows that a reading has to account for: also those of jobs that began after the cut. */
  #expected(): ConvexRows {
    const { active, finished } = this.#rows;
    return { active: [...active, ...this.#seen.values()], finished };
  }

  #enter(state: LinkState): void {
    const now = this.#ports.clock.now();
    if (state === "down" && this.#state !== "behind") this.#nextReadAt = now;
    if (state === "behind") this.#nextReadAt = now + TIMING.convexRead;
    if (state !== this.#state) this.#since = now;
    this.#state = state;
  }
}
