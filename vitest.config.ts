import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Generous: machines are slow and shared, and no test is about time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    silent: "passed-only",
    // No test waits for the download of a model.
    env: { TRANSCRIPTION_ENGINE: "pocketsphinx" },
    projects: [
      {
        // Convex's default runtime is close to the edge runtime: no Node built-ins.
        extends: true,
        test: {
          name: "convex",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/**/*.node.test.ts", "tests/noEval.test.ts", "tests/adopter/**"],
          environment: "edge-runtime",
          server: { deps: { inline: ["convex-test"] } },
        },
      },
      {
        // Convex's isolates make no code from strings, and zod checks in another way there.
        extends: true,
        test: {
          name: "no-eval",
          include: ["tests/{http,bodies,batch,vectors,noEval}.test.ts"],
          environment: "node",
          execArgv: ["--disallow-code-generation-from-strings"],
          server: { deps: { inline: ["convex-test"] } },
        },
      },
      {
        extends: true,
        test: { name: "node", include: ["tests/**/*.node.test.ts"], environment: "node" },
      },
      {
        extends: true,
        test: { name: "local", include: ["local/tests/**/*.test.ts"], environment: "node" },
      },
      {
        extends: true,
        test: {
          name: "frontend",
          include: ["frontend/tests/**/*.test.{ts,tsx}"],
          environment: "jsdom",
          globalSetup: ["frontend/tests/support/backend.setup.ts"],
        },
      },
      {
        // In Chromium; see README, "The frontend".
        extends: true,
        test: {
          name: "browser",
          include: ["frontend/tests/browser/**/*.browser.ts"],
          environment: "node",
          fileParallelism: false,
        },
      },
      {
        // Against a running deployment; see README, "Testing a deployment".
        extends: true,
        test: { name: "live", include: ["tests/live/**/*.live.ts"], environment: "node" },
      },
    ],
  },
});
