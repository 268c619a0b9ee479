import { ConvexError } from "convex/values";
import { describe, expect, test } from "vitest";
import { refusalOf } from "../../convex/transcription/model/platformErrors";

// The platform's own words, as they reach an action's catch.
const TOO_MUCH = [
  "Function execution timed out (maximum duration: 1s)",
  "Your request timed out performing too many system operations.",
  "JavaScript execution ran out of memory (maximum memory usage: 64 MB)",
  "Uncaught RangeError: Array buffer allocation failed",
  "Uncaught Error: Too many documents read in a single function execution (limit: 32000). Consider …",
  "Uncaught Error: Too many bytes read in a single function execution (limit: 16777216 bytes). …",
  "Uncaught Error: Too many reads in a single function execution (limit: 4096).",
  "Uncaught Error: Too many writes in a single function execution (limit: 16000)",
  "Uncaught Error: Too many bytes written in a single function execution (limit: 16777216)\n    at async handler",
  "Too many functions scheduled by this mutation (limit: 1000)",
  "Too large total size of the arguments of scheduled functions from this mutation",
  "Arguments for transcriptionJobs.js:updateFromAPI are too large (actual: 17000000, limit: 16777216)",
  "Function transcriptionJobs.js:run return value is too large (actual: 17000000, limit: 16777216)",
  "Hit maximum total syscall duration (maximum duration: 15s)",
  "Uncaught Error: Invalid argument `value` for `db.insert`: Value is too large (1.2 MiB > maximum size 1 MiB)",
  "Uncaught Error: Invalid arguments for `db.patch`: Array length is too long (8193 > maximum length 8192)",
  "Uncaught Error: Value is too large (1.2 MiB > maximum size 1 MiB)",
  "Uncaught Error: Array length is too long (8193 > maximum length 8192)",
  "Uncaught Error: Object has too many fields (1025 > maximum number 1024)",
  "Uncaught Error: Document is too nested (nested 17 levels deep > maximum nesting 16)",
];
const UNAVAILABLE = [
  'Documents read from or written to the "transcriptionJobs" table changed while this mutation was being run and on every subsequent retry. Another call …',
  "Data read or written in this mutation changed while it was being run. Consider …",
  "Too many concurrent requests in a short period of time. Spread out your requests out over time …",
  "Too many concurrent requests. Your backend is limited to 16 concurrent mutations.",
  "Too many concurrent commits in a short period of time. Spread your writes out over time …",
  "Too many writes per second. Your deployment is limited to 4194304 bytes written per second.",
  "Too many writes to by_job_id. Spread your writes out over time or throttle them to avoid errors.",
  "There are no available workers to process the request",
  "Selected isolate was not clean",
  "Couldn't acquire a permit on this funrun",
  "Your request couldn't be completed. Try again later.",
  "Instance is not loaded yet, try again later",
  "Failed to connect to upstream",
  "Cannot run functions while this deployment is paused. …",
  "This deployment has been disabled because it exceeded a configured usage limit.",
];
const DEFECTS = [
  "Uncaught TypeError: Cannot read properties of undefined (reading 'jobId')",
  "Uncaught Error: Could not find public function for 'transcriptionJobs:updateFromAPI'.",
  "ArgumentValidationError: Object contains extra field `x` that is not in the validator.",
  // What somebody said must not be taken for the platform's word.
  'Uncaught Error: Unexpected value "Function execution timed out (maximum duration: 1s)"',
  'ReturnsValidationError: "Your request couldn\'t be completed. Try again later."',
  'Uncaught Error: no such job "Too many concurrent requests"',
  "",
];

describe("what a mutation threw", () => {
  test.each(TOO_MUCH)("413: %s", (text) => {
    expect(refusalOf(new Error(text)).code).toBe("payload_too_large");
  });
  test.each(UNAVAILABLE)("503: %s", (text) => {
    expect(refusalOf(new Error(text)).code).toBe("unavailable");
  });
  test.each(DEFECTS)("500: %s", (text) => {
    expect(refusalOf(new Error(text)).code).toBe("internal_error");
  });
  test.each([[new ConvexError({ code: "job_not_found" })], ["text"], [undefined], [null]])(
    "500: %o, which is no Error or an app's",
    (thrown) => {
      expect(refusalOf(thrown).code).toBe("internal_error");
    },
  );
  test("a long text is looked at in a moment", () => {
    expect(refusalOf(new Error("Uncaught Error: " + "A ".repeat(500_000))).code).toBe(
      "internal_error",
    );
  });
});
