import type { BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, vi, type TestContext } from "vitest";
import { PATIENCE, Person } from "./person";
import { startStack, type Stack, type StackOptions } from "./stack";

/** What a file's tests use: one stack, and users that no other test has. */
export interface Session {
  readonly stack: Stack;
  /** A new user, whose pages have no trouble that is not expected until the test ends. */
  person(name: string, options?: BrowserContextOptions): Promise<Person>;
  /** The worker; skips the test where it is not installed, which under CI is a failure. */
  worker(context: TestContext): NonNullable<Stack["worker"]>;
}

/** Starts a stack for the tests of a file, and ends it after them. */
export function openSession(options: Omit<StackOptions, "log"> = {}): Session {
  let stack: Stack | undefined;
  let people = 0;
  beforeAll(async () => {
    stack = await startStack({
      ...options,
      workerEnv: { LOG_LEVEL: "warning", ...options.workerEnv },
      log: (line) => {
        // Shown with a test that fails. Functions log every update.
        if (!line.includes("[LOG]")) console.log(line);
      },
    });
  });
  afterAll(() => stack?.close());
  return {
    get stack(): Stack {
      if (stack === undefined) throw new Error("The stack has not been started");
      return stack;
    },
    async person(name, contextOptions) {
      people += 1;
      const person = await Person.enter(this.stack, `${name}-${people}`, contextOptions);
      onTestFinished(async () => {
        await person.context.close();
        expect(person.trouble.unexpected()).toEqual([]);
      });
      return person;
    },
    worker(context) {
      const { worker } = this.stack;
      if (worker !== null) return worker;
      const reason = "transcription-worker is not installed: see README, “The worker”";
      if (process.env["CI"] === "true") throw new Error(reason);
      return context.skip(reason);
    },
  };
}

/** Waits until the assertion holds: generous, since only a failing test waits for long. */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  timeout = PATIENCE,
): Promise<T> {
  return await vi.waitFor(assertion, { timeout, interval: 20 });
}
