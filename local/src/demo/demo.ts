import { setTimeout as delay } from "node:timers/promises";
import { ConvexClient } from "convex/browser";
import { api } from "../../../convex/_generated/api";
import type { Backend } from "../backend";
import type { Display } from "./display";
import { nextUpdate, updateLine } from "./curlLines";
import { postUpdate } from "./endpoint";
import { expectedEnds } from "./expectedEnd";
import { JobFeed } from "./jobFeed";
import { ReadersJob } from "./readersJob";
import {
  invitationNotes,
  pageNotes,
  replayNotes,
  resultNotes,
  waitingNotes,
  type Addresses,
} from "./notes";
import type { RecordedEvent } from "./recording";
import type { Note } from "./render";
import { replay, type ReplayPorts } from "./replay";
import { Witness } from "./witness";

/** Who is signed in for the demo: the page's default user. */
export const DEMO_USER = "demo-user";
/** Long enough for a slow machine under load; on an idle one it takes a few milliseconds. */
const CATCH_UP_MS = 5_000;
/** How often a worker reports on a job that waits. */
const SIGN_OF_LIFE_MS = 10_000;

/** What a demo may be told. */
export interface DemoOptions {
  /** The worker's HTTP API, `null` where there is none. */
  workerUrl?: string | null;
  /** The web page, `null` where none is served. */
  pageUrl?: string | null;
  /** Milliseconds that the subscription has to show what was sent. */
  catchUpMs?: number;
  /** Milliseconds between two signs of life of the reader's jobs. */
  signOfLifeMs?: number;
}

/** One user in front of their jobs, and the worker that reports on them. */
export class Demo {
  readonly #addresses: Addresses;
  readonly #display: Display;
  readonly #client: ConvexClient;
  readonly #feed: JobFeed;
  readonly #witness = new Witness();
  readonly #errors: string[] = [];
  readonly #catchUpMs: number;
  readonly #signOfLifeMs: number;
  /** How the replay goes. */
  #replayNotes: Note[];
  /** What the reader can do. */
  #invitationNotes: Note[] = [];
  #onChange: () => void = () => undefined;

  constructor(backend: Backend, key: string, display: Display, options: DemoOptions = {}) {
    const { workerUrl = null, pageUrl = null } = options;
    this.#catchUpMs = options.catchUpMs ?? CATCH_UP_MS;
    this.#signOfLifeMs = options.signOfLifeMs ?? SIGN_OF_LIFE_MS;
    this.#addresses = { url: backend.url, siteUrl: backend.siteUrl, key, workerUrl, pageUrl };
    this.#display = display;
    this.#replayNotes = waitingNotes();
    // Its log lines would stand in the middle of the picture.
    this.#client = new ConvexClient(backend.url, { logger: false });
    this.#client.setAuth(async () => await backend.token(DEMO_USER));
    this.#feed = new JobFeed(
      this.#client,
      () => {
        this.#changed();
      },
      ({ message }) => this.#errors.push(`The subscription failed: ${message}`),
    );
  }

  /** Says where the page is, before anything happens. */
  announce(): void {
    this.#draw();
  }

  /**
   * Plays a recording to its end; also again, and while the reader's jobs are there.
   * @returns how it differed from what was recorded, one sentence each
   * @throws when `signal` ends it early
   */
  async play(events: RecordedEvent[], signal: AbortSignal): Promise<string[]> {
    const expected = expectedEnds(events);
    const startedAt = Date.now();
    this.#replayNotes = replayNotes(this.#addresses);
    this.#draw();
    const { jobIds, problems } = await replay(events, this.#ports(startedAt, signal), startedAt);
    signal.throwIfAborted();
    await this.#caughtUp([...jobIds.values()], signal);
    for (const [label, end] of expected) {
      problems.push(...this.#witness.compare(jobIds.get(label) ?? "", end));
    }
    problems.push(...this.#witness.faults, ...this.#errors);
    this.#replayNotes = resultNotes(expected.size, problems);
    this.#draw();
    return problems;
  }

  /** Gives the reader a job of their own to move, and the next one when it has ended. */
  async invite(signal: AbortSignal): Promise<void> {
    const { siteUrl, key } = this.#addresses;
    const moved = new ReadersJob({
      name: "my-job",
      fileName: "moved by hand",
      create: async (job) => {
        await this.#client.mutation(api.transcriptionJobs.create, job);
      },
      line: (job) => updateLine(siteUrl, key, nextUpdate(job)),
      waitsFor: "Waiting for you to be the worker.",
    });
    this.#onChange = (): void => {
      const shown = this.#feed.jobs().find(({ job }) => job.jobId === moved.jobId);
      const line = moved.follow(shown?.job);
      if (line !== null) this.#invitationNotes = invitationNotes(this.#addresses, line);
    };
    await moved.begin();
    this.#changed();
    const signs = setInterval(() => {
      const sign = moved.signOfLife();
      // One that is lost does not matter: the next one follows.
      if (sign !== null) void postUpdate(siteUrl, key, sign).catch(() => undefined);
    }, this.#signOfLifeMs);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => {
        resolve();
      });
    });
    clearInterval(signs);
  }

  /** Ends the subscription. */
  async close(): Promise<void> {
    await this.#client.close();
  }

  #ports(startedAt: number, signal: AbortSignal): ReplayPorts {
    const { siteUrl, key } = this.#addresses;
    return {
      create: async ({ fileName, fileSize }) => {
        const job = { fileName, fileSize };
        return (await this.#client.mutation(api.transcriptionJobs.create, job)).jobId;
      },
      cancel: async (jobId) => {
        await this.#client.mutation(api.transcriptionJobs.cancel, { jobId });
      },
      send: async (body) => await postUpdate(siteUrl, key, body),
      waitUntil: async (at) => {
        await delay(Math.max(0, startedAt + at - Date.now()), undefined, { signal });
      },
    };
  }

  async #caughtUp(jobIds: string[], signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + this.#catchUpMs;
    while (!this.#witness.sawEndOf(jobIds) && Date.now() < deadline) {
      await delay(20, undefined, { signal });
    }
  }

  #changed(): void {
    this.#witness.see(this.#feed.jobs().map(({ job }) => job));
    this.#onChange();
    this.#draw();
  }

  #draw(): void {
    this.#display.show({
      title: "Transcription jobs",
      jobs: this.#feed.jobs(),
      notes: [...pageNotes(this.#addresses), ...this.#replayNotes, ...this.#invitationNotes],
    });
  }
}
