import type { ConvexReactClient } from "convex/react";
import { onTestFinished } from "vitest";
import { jobsApi } from "../../../../src/transcription/backend";
import { Session, type SessionTools } from "../../../../src/transcription/session";
import {
  composeJobs,
  type ConvexRows,
  type ShownJobs,
} from "../../../../src/transcription/sync/composeJobs";
import { TIMING } from "../../../../src/transcription/sync/timing";
import type { Job, JobView, SyncStatus } from "../../../../src/transcription/types";
import { eventually, tokenFor } from "../../../support/backend";
import { createClient } from "../../support";
import { createJob, newSubject } from "../../support/jobs";
import { settle, TestClock } from "../../../support/clock";
import { ConvexLine } from "../../support/convexLine";
import { countFetches } from "./fetches";
import { backwards } from "./monotone";
import { WorkerStub } from "./workerStub";

interface PageOptions {
  stuckAfter?: number;
  pollInterval?: number;
  hasToken?: boolean;
}

/** A page without React: the real client, the real session, and a clock that the test moves. */
export class Page {
  readonly subject = newSubject();
  readonly clock = new TestClock(Date.now());
  readonly line = new ConvexLine(this.clock.now);
  readonly worker = new WorkerStub(this.clock.now);
  readonly fetches = countFetches();
  /** `live`, `worker-silent`, … in the order in which the page said so. */
  readonly syncs: SyncStatus[] = ["live"];
  readonly completed: string[] = [];
  /** How often the client was replaced, and when. */
  readonly replacedAt: number[] = [];
  /** Changes rows on their way to the page. */
  rewrite: (row: Job) => Job = (row) => row;
  token: () => Promise<string | null> = () => tokenFor(this.subject);
  session!: Session;
  client!: ConvexReactClient;
  #rows: ConvexRows | null = null;
  #finished: Job[] | null = null;
  #take: () => void = () => undefined;
  readonly #views = new Map<string, JobView>();
  #fault: string | null = null;

  /** Opens it, connected and with its rows, until the test ends. */
  async open({ hasToken = true, ...times }: PageOptions = {}): Promise<this> {
    await Promise.all([this.line.open(), this.worker.open()]);
    this.client = this.#createClient();
    const settings = { apiBaseUrl: this.worker.url, hasToken, clock: this.clock };
    const defaults = { pollInterval: TIMING.poll, stuckAfter: TIMING.stuck };
    this.session = new Session({ ...settings, ...defaults, ...times }, this.#tools());
    this.session.fallback.subscribe(() => {
      const { sync } = this.session.fallback.getSnapshot();
      if (sync !== this.syncs.at(-1)) this.syncs.push(sync);
      this.#look();
    });
    this.session.fallback.start();
    this.#subscribe(this.client);
    onTestFinished(async () => {
      this.session.fallback.stop();
      await this.client.close();
      if (this.#fault !== null) throw new Error(this.#fault);
    });
    return this;
  }

  /** Opens it with that many jobs, as its first rows. */
  static async withJobs(count: number, options: PageOptions = {}): Promise<[Page, ...string[]]> {
    const page = new Page();
    const jobIds: string[] = [];
    while (jobIds.length < count) jobIds.push(await createJob(page.subject));
    await page.open(options);
    await page.connected();
    await page.until(() => page.shown.active.length === count);
    return [page, ...jobIds];
  }

  get sync(): SyncStatus {
    return this.session.fallback.getSnapshot().sync;
  }

  get shown(): ShownJobs {
    const rows = this.#rows ?? { active: [], finished: [] };
    return composeJobs(rows, this.session.fallback.getSnapshot().overlay, new Map());
  }

  /** What is shown of a job; throws where it is not shown. */
  view(jobId: string): JobView {
    const { active, finished } = this.shown;
    const view = [...active, ...finished].find((job) => job.jobId === jobId);
    if (view === undefined) throw new Error(`${jobId} is not shown`);
    return view;
  }

  /** All requests, to Convex over HTTP and to the worker, in moved milliseconds since `since`. */
  requests(since = 0): number[] {
    const all = [...this.line.requests, ...this.worker.requests].map(({ at }) => at - since);
    return all.filter((at) => at >= 0).sort((one, other) => one - other);
  }

  /** Lets time pass, second by second, with what is asked and answered on the way. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      await this.clock.pass(Math.min(left, 1_000));
      await this.idle();
    }
  }

  /** Waits until every question has been answered that is not held. */
  async idle(): Promise<void> {
    await settle();
    await eventually(async () => {
      const isOpen = this.line.sockets === "open" && !this.line.isMute;
      const asked = isOpen ? this.client.connectionState().inflightMutations : 0;
      const waiting = this.fetches.pending() - this.line.held - this.worker.held;
      if (waiting + asked > 0) throw new Error(`${waiting} requests, ${asked} mutations wait`);
      await settle();
      if (this.fetches.pending() > this.line.held + this.worker.held) throw new Error("More came");
    });
  }

  /** Waits, in real time, until it is so. */
  async until(isSo: () => boolean): Promise<void> {
    await eventually(() => {
      if (!isSo()) throw new Error("It does not come to be so");
    });
  }

  /** Has the subscription push what it holds once more. */
  async push(): Promise<void> {
    this.#take();
    await settle();
  }

  async connected(isConnected = true): Promise<void> {
    await this.until(() => this.client.connectionState().isWebSocketConnected === isConnected);
    await settle();
  }

  #tools(): SessionTools {
    return {
      client: this.client,
      fetchToken: () => this.token(),
      replaceClient: () => {
        this.#replaceClient();
      },
      describeUploadError: undefined,
    };
  }

  #createClient(): ConvexReactClient {
    const client = createClient(this.line.url);
    client.setAuth(() => tokenFor(this.subject));
    return client;
  }

  #replaceClient(): void {
    this.replacedAt.push(this.clock.now());
    const old = this.client;
    this.client = this.#createClient();
    this.session.use(this.#tools());
    this.#subscribe(this.client);
    void old.close();
  }

  /** As the hook does: the connection's state, and both lists in one go. */
  #subscribe(client: ConvexReactClient): void {
    const { fallback } = this.session;
    fallback.setConnected(client.connectionState().isWebSocketConnected);
    client.subscribeToConnectionState(({ isWebSocketConnected }) => {
      if (client === this.client) fallback.setConnected(isWebSocketConnected);
    });
    const active = client.watchQuery(jobsApi.listActive, {});
    const paginationOpts = { numItems: 20, cursor: null };
    const finished = client.watchQuery(jobsApi.listFinished, { paginationOpts });
    this.#take = (): void => {
      if (client !== this.client) return;
      const activeRows = active.localQueryResult();
      this.#finished = finished.localQueryResult()?.page ?? this.#finished;
      if (activeRows === undefined) return;
      this.#rows = { active: activeRows.map(this.rewrite), finished: this.#finished ?? [] };
      fallback.receive(this.#rows);
      this.#look();
    };
    const take = this.#take;
    const soon = (): void => {
      queueMicrotask(take);
    };
    active.onUpdate(soon);
    finished.onUpdate(soon);
  }

  /** Every state that a person could see is looked at. */
  #look(): void {
    const { shown } = this;
    this.session.events.observe(shown, this.#finished !== null, {
      onJobComplete: ({ jobId }) => this.completed.push(jobId),
    });
    for (const view of [...shown.active, ...shown.finished]) {
      const before = this.#views.get(view.jobId);
      const fault = before === undefined ? null : backwards(before, view);
      if (fault !== null) this.#fault ??= `${fault}: ${JSON.stringify({ before, view })}`;
      this.#views.set(view.jobId, view);
    }
  }
}
