import { ConvexHttpClient } from "convex/browser";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { jobsApi } from "../../../src/transcription/backend";
import type { Stack } from "./stack";
import { Trouble } from "./trouble";

/** Milliseconds that something may take to appear; only a failing test waits for so long. */
export const PATIENCE = 45_000;

/** What the endpoint answers. */
export type Answer = Record<string, unknown> & { ok: boolean };

/** A user with a browser of their own. */
export class Person {
  readonly name: string;
  readonly context: BrowserContext;
  /** What went wrong in their pages. */
  readonly trouble = new Trouble();
  readonly #stack: Stack;
  #client: ConvexHttpClient | null = null;

  static async enter(
    stack: Stack,
    name: string,
    options: BrowserContextOptions = {},
  ): Promise<Person> {
    const context = await stack.browser.newContext({ locale: "en-GB", ...options });
    context.setDefaultTimeout(PATIENCE);
    return new Person(stack, name, context);
  }

  private constructor(stack: Stack, name: string, context: BrowserContext) {
    this.#stack = stack;
    this.name = name;
    this.context = context;
  }

  /** Opens the page in a new tab; `hash` is the address's part from `#` on. */
  async open(hash = ""): Promise<Page> {
    const page = await this.context.newPage();
    this.trouble.watch(page);
    await page.goto(`${this.#stack.pageUrl}/?user=${encodeURIComponent(this.name)}${hash}`);
    return page;
  }

  /** Another browser of the same user: another device, or other settings. */
  async elsewhere(options: BrowserContextOptions = {}): Promise<Person> {
    return await Person.enter(this.#stack, this.name, options);
  }

  /** Convex over plain HTTP, signed in as this user, past every line. */
  async client(): Promise<ConvexHttpClient> {
    if (this.#client === null) {
      this.#client = new ConvexHttpClient(this.#stack.backend.url, { logger: false });
      this.#client.setAuth(await this.#stack.backend.token(this.name));
    }
    return this.#client;
  }

  /** Makes a job's row, without a file. @returns its id */
  async create(fileName: string, fileSize?: number): Promise<string> {
    const client = await this.client();
    const job = { fileName, ...(fileSize !== undefined && { fileSize }) };
    return (await client.mutation(jobsApi.create, job)).jobId;
  }

  /** Makes a job that has ended, as a worker's reports do. @returns its id */
  async createFinished(fileName: string, update: object = {}): Promise<string> {
    const jobId = await this.create(fileName);
    await this.report({ jobId, status: "completed", ...update });
    return jobId;
  }

  /** The job's row as Convex has it. */
  async row(jobId: string) {
    return await (await this.client()).query(jobsApi.get, { jobId });
  }

  /** Sends one update to the endpoint, as a worker does. @throws Error when it is refused */
  async report(update: object): Promise<Answer> {
    const response = await fetch(`${this.#stack.backend.siteUrl}/updateTranscriptionJob`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${this.#stack.key}`,
        "Content-Type": "application/json",
      },
      body: JSON.stringify(update),
    });
    const answer = (await response.json()) as Answer;
    if (!answer.ok) throw new Error(`The endpoint refused: ${JSON.stringify(answer)}`);
    return answer;
  }
}
