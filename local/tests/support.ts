import { fileURLToPath } from "node:url";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { onTestFinished, vi } from "vitest";
import { startBackend, type Backend, type BackendOptions } from "../src/backend";

/** A backend under test, with the lines that it logged. */
export interface TestBackend extends Backend {
  logs: string[];
}

const FIXTURE = fileURLToPath(new URL("fixture", import.meta.url));

/** How long a condition may take to come true: generous, since only a failing test waits for it. */
const PATIENCE = { timeout: 20_000, interval: 5 };

// Other work on the machine must not fail a test.
vi.setConfig({ testTimeout: 60_000 });

/** Starts a backend with the fixture's functions on free ports, until the test ends. */
export async function startFixture(options: BackendOptions = {}): Promise<TestBackend> {
  return start({ functionsDir: FIXTURE, ...options });
}

/** Starts a backend with the repository's own functions on free ports, until the test ends. */
export async function startReal(options: BackendOptions = {}): Promise<TestBackend> {
  return start(options);
}

async function start(options: BackendOptions): Promise<TestBackend> {
  const logs: string[] = [];
  const log = (line: string): void => {
    logs.push(line);
  };
  const backend = await startBackend({ port: 0, sitePort: 0, log, ...options });
  onTestFinished(() => backend.close());
  return { ...backend, logs };
}

/** A published client, signed in as `subject` if there is one, until the test ends. */
export function connect(backend: Backend, subject?: string, url = backend.url): ConvexClient {
  const client = new ConvexClient(url, { logger: false });
  if (subject !== undefined) client.setAuth(() => backend.token(subject));
  onTestFinished(() => client.close());
  return client;
}

/** A published HTTP client, signed in as `subject` if there is one. */
export async function httpClient(backend: Backend, subject?: string): Promise<ConvexHttpClient> {
  const client = new ConvexHttpClient(backend.url, { logger: false });
  if (subject !== undefined) client.setAuth(await backend.token(subject));
  return client;
}

/** A query of any arguments and result. */
export const query = (name: string) =>
  makeFunctionReference<"query", Record<string, unknown>, unknown>(name);
/** A mutation of any arguments and result. */
export const mutation = (name: string) =>
  makeFunctionReference<"mutation", Record<string, unknown>, unknown>(name);
/** An action of any arguments and result. */
export const action = (name: string) =>
  makeFunctionReference<"action", Record<string, unknown>, unknown>(name);

/** Subscribes, and collects every result; errors as `{ error }`. */
export function watch(
  client: ConvexClient,
  name: string,
  args: Record<string, unknown> = {},
): unknown[] {
  const seen: unknown[] = [];
  client.onUpdate(
    query(name),
    args,
    (value) => seen.push(value),
    (error) => seen.push({ error: error.message }),
  );
  return seen;
}

/** Waits until the assertion holds. */
export async function eventually(assertion: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(assertion, PATIENCE);
}
