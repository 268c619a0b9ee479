import { ConvexError } from "convex/values";
import { expect } from "vitest";
import { isJobError } from "../../convex/transcription/model/errors";

/** The code of the error that a public function throws, which must be one of ours, for people too. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!isJobError(error)) throw new Error(`expected one of our errors, got ${String(error)}`);
  expect(error).toBeInstanceOf(ConvexError);
  expect(error.data.message.length).toBeGreaterThan(10);
  return error.data.code;
}
