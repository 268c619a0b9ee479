import * as z from "zod/v4/mini";
import { expect, test } from "vitest";

// Without a locale zod/mini says "Invalid input" to everything, and goes on to say so.
test("importing the package configures nothing of zod", async () => {
  const message = () => z.string().safeParse(1).error?.issues[0]?.message;
  const globals = Object.keys(globalThis);
  expect(message()).toBe("Invalid input");
  await import("convex-transcription-jobs/server");
  expect(message()).toBe("Invalid input");
  expect(Object.keys(globalThis)).toEqual(globals);
});
