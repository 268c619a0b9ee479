import { randomBytes } from "node:crypto";
import type { TestProject } from "vitest/node";
import { startBackend } from "../../../local/src/backend";

declare module "vitest" {
  interface ProvidedContext {
    convexUrl: string;
    siteUrl: string;
    apiKey: string;
  }
}

/** One embedded backend for all tests of the frontend: each test has users of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const apiKey = randomBytes(32).toString("base64url");
  const backend = await startBackend({
    port: 0,
    sitePort: 0,
    env: { CONVEX_API_KEY: apiKey },
    // Functions log every update; tests look at what clients see.
    log: () => undefined,
  });
  project.provide("convexUrl", backend.url);
  project.provide("siteUrl", backend.siteUrl);
  project.provide("apiKey", apiKey);
  return () => backend.close();
}
