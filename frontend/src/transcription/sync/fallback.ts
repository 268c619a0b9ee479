import type { Clock, TimerHandle } from "../clock";
import type { TranscriptionError } from "../errors";
import type { SyncStatus } from "../types";
import type { WorkerJob } from "../upload/workerJob";
import { areSameRows } from "./compareRows";
import type { ConvexRows, Overlay } from "./composeJobs";
import { ConvexLink, type ConvexLinkPorts } from "./convexLink";
import { News } from "./news";
import { TIMING } from "./timing";
import { WorkerPoll } from "./workerPoll";

/** What the fallback acts through, and its two settings in milliseconds. */
export interface FallbackPorts extends ConvexLinkPorts {
  clock: Clock;
  readWorker: (jobId: string) => Promise<WorkerJob>;
  /** Whether this browser is sending the job's file: no worker can have news of it. */
  isUploading: (jobId: string) => boolean;
  pollInterval: number;
}

/** What the fallback has found out. */
export interface FallbackState {
  sync: SyncStatus;
  overlay: Overlay;
  apiError: TranscriptionError | null;
}

const LIVE: FallbackState = {
  sync: "live",
  overlay: { convex: null, worker: new Map() },
  apiError: null,
};

/**
 * Notices that news has stopped, tells the two faults apart and treats each with its own cure: where
 * the worker's reports do not reach Convex it asks the worker, where Convex's pushes do not reach the
 * page it reads Convex over plain HTTP. While everything is in order it asks nobody anything; one
 * timer waits for the moment at which news would be overdue, and without active jobs there is none.
 */
export class Fallback {
  readonly #ports: FallbackPorts;
  readonly #link: ConvexLink;
  readonly #poll: WorkerPoll;
  readonly #news = new News();
  readonly #listeners = new Set<() => void>();
  #rows: ConvexRows | null = null;
  #uploading = new Set<string>();
  #state = LIVE;
  #recoveredUntil = -Infinity;
  #timer: TimerHandle | null = null;
  #isRunning = false;
  #isVisible = true;
  #isOnline = true;

  constructor(ports: FallbackPorts) {
    this.#ports = ports;
    this.#link = new ConvexLink(ports);
    this.#poll = new WorkerPoll(ports);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The same object until something changes. */
  readonly getSnapshot = (): FallbackState => this.#state;

  start(): void {
    this.#isRunning = true;
    this.#resume();
  }

  stop(): void {
    this.#isRunning = false;
    this.#update();
  }

  /** The subscription's socket is connected, or not. */
  setConnected(connected: boolean): void {
    this.#link.setConnected(connected);
    this.#update();
  }

  /** A hidden tab asks nobody; when it comes back, what is overdue is asked at once. */
  setVisible(visible: boolean): void {
    if (visible === this.#isVisible) return;
    this.#isVisible = visible;
    this.#resume();
  }

  /** The browser knows whether there is a network at all. */
  setOnline(online: boolean): void {
    if (online === this.#isOnline) return;
    this.#isOnline = online;
    this.#resume();
  }

  /** What the subscription holds now. */
  receive(rows: ConvexRows): void {
    if (this.#rows !== null && areSameRows(this.#rows, rows)) return;
    this.#rows = rows;
    this.#link.receive(rows);
    // Rows that are behind what was read over HTTP are no news.
    if (this.#link.read === null) this.#takeNews(rows);
    this.#update();
  }

  /** An upload of this browser has moved, begun or ended. */
  uploadsChanged(): void {
    this.#update();
  }

  #takeNews(rows: ConvexRows): void {
    this.#news.receive(rows, this.#ports.clock.now());
    this.#poll.receive(rows);
  }

  #resume(): void {
    this.#link.resume();
    this.#poll.resume();
    this.#update();
  }

  /** What is learned then counts for nothing. */
  readonly #isStopped = (): boolean => !this.#isRunning;

  get #mayAct(): boolean {
    return this.#isRunning && this.#isVisible && this.#isOnline;
  }

  /** Does what is due, says how things are, and waits for what is due next. */
  #update(): void {
    if (this.#mayAct) {
      this.#noteUploads();
      const isProbing = this.#readIfDue();
      this.#pollIfDue(isProbing);
    }
    this.#publish();
    this.#wait();
  }

  /** Sets the one timer, or none. */
  #wait(): void {
    const { clock } = this.#ports;
    if (this.#timer !== null) clock.clearTimeout(this.#timer);
    this.#timer = null;
    if (!this.#mayAct) return;
    const next = this.#nextAt();
    if (next === Infinity) return;
    this.#timer = clock.setTimeout(
      () => {
        this.#timer = null;
        this.#update();
      },
      Math.max(0, next - clock.now()),
    );
  }

  #noteUploads(): void {
    const uploading = new Set(this.#news.jobIds().filter((id) => this.#ports.isUploading(id)));
    // Also those that have ended just now: the worker's first news takes its time.
    for (const jobId of [...uploading, ...this.#uploading]) {
      this.#news.touch(jobId, this.#ports.clock.now());
    }
    this.#uploading = uploading;
  }

  /** @returns whether it asked about a silence, and not for the first time */
  #readIfDue(): boolean {
    if (this.#link.dueAt(this.#silentSince()) > this.#ports.clock.now()) return false;
    const reading = this.#link.run(this.#isStopped);
    const isProbing = this.#link.state === "up" && !this.#link.isFindingOut;
    void reading.then((rows) => {
      if (this.#isStopped()) return;
      if (rows !== null) this.#takeNews(rows);
      this.#update();
    });
    return isProbing;
  }

  #pollIfDue(isProbing: boolean): void {
    const stuck = this.#stuck();
    if (stuck.length === 0) {
      this.#poll.resume();
      return;
    }
    // What is being read may be the news that is missing.
    if (this.#link.isReading) return;
    // One question a round is enough; the first time both are asked, to find out whose fault it is.
    if (isProbing) this.#poll.skip();
    const open = this.#poll.open(stuck);
    if (open.length === 0 || this.#poll.dueAt() > this.#ports.clock.now()) return;
    void this.#poll.run(open, this.#isStopped).then(() => {
      if (!this.#isStopped()) this.#update();
    });
  }

  /** Jobs whose news is overdue. */
  #stuck(): string[] {
    const now = this.#ports.clock.now();
    return this.#waitedFor().filter((id) => this.#stuckAt(id) <= now);
  }

  #waitedFor(): string[] {
    return this.#news.jobIds().filter((jobId) => !this.#uploading.has(jobId));
  }

  #stuckAt(jobId: string): number {
    return this.#news.stuckAt(jobId, this.#ports.stuckAfter);
  }

  /** Without a job that is waited for, silence means nothing. */
  #silentSince(): number {
    const waitedFor = this.#waitedFor();
    return waitedFor.length === 0 ? Infinity : this.#news.latest(waitedFor);
  }

  #nextAt(): number {
    const now = this.#ports.clock.now();
    const ids = this.#news.jobIds();
    const times = [this.#link.dueAt(this.#silentSince()), ...ids.map((id) => this.#stuckAt(id))];
    if (this.#poll.open(this.#stuck()).length > 0) times.push(this.#poll.dueAt());
    // What was due by now and is being done, or is not to be done, is not waited for.
    return Math.min(
      this.#recoveredUntil > now ? this.#recoveredUntil : Infinity,
      ...times.filter((time) => time > now),
    );
  }

  #publish(): void {
    const sync = this.#syncStatus();
    if (sync === "live") this.#poll.forgive();
    const { overlay, apiError } = this.#state;
    const next: FallbackState = {
      sync,
      overlay:
        overlay.convex === this.#link.read && overlay.worker === this.#poll.jobs
          ? overlay
          : { convex: this.#link.read, worker: this.#poll.jobs },
      apiError: this.#poll.error,
    };
    if (next.sync === this.#state.sync && next.overlay === overlay && next.apiError === apiError) {
      return;
    }
    this.#state = next;
    for (const listener of this.#listeners) listener();
  }

  #syncStatus(): SyncStatus {
    const before = this.#state.sync;
    if (this.#link.state === "down" || this.#link.state === "behind") return "convex-unreachable";
    if (this.#stuck().length > 0) return this.#link.isFindingOut ? before : "worker-silent";
    const now = this.#ports.clock.now();
    if (before === "worker-silent" || before === "convex-unreachable") {
      this.#recoveredUntil = now + TIMING.recovered;
    }
    return this.#recoveredUntil > now ? "recovered" : "live";
  }
}
