import { Refusal } from "./errors.js";

// What the platform says when a mutation fails in an action; no code reaches JavaScript, only the
// text. Its own sentences stand at the beginning, those that it throws inside the function behind
// `Uncaught …Error: ` and the name of the call, so that nothing which a transcript says can be
// taken for one of them.
const THROWN = "^(?:Uncaught [A-Za-z]*Error: )?(?:Invalid arguments? (?:`\\w+` )?for `[\\w.]+`: )?";

/** More than one transaction may take: the same request fails again, half of it may not. */
const TOO_MUCH = new RegExp(
  `${THROWN}(?:` +
    [
      "Function execution timed out",
      "Hit maximum total syscall duration",
      "Your request timed out performing too many system operations",
      "JavaScript execution ran out of memory",
      "Array buffer allocation failed",
      "[A-Z][a-z ]{5,80} in a single function execution",
      "Too many functions scheduled by this mutation",
      "Too large total size of the arguments",
      "(?:Value|Document|Array length|Object) (?:is|has) too (?:large|nested|long|many)",
      ".{0,200} (?:are too large \\(actual|return value is too large)",
    ].join("|") +
    ")",
);

/** The database could not take the write now, after Convex's own retries. */
const UNAVAILABLE = new RegExp(
  "^(?:" +
    [
      "Documents read from or written to .{0,300}changed while this mutation",
      "Data read or written in this mutation changed",
      "Too many concurrent [a-z]",
      "Too many writes (?:per second|to )",
      ".{0,200}(?:no available workers|isolate was not clean|acquire a permit)",
      "Your request couldn't be completed",
      "Instance is not loaded yet",
      "Failed to connect to upstream",
      "Cannot run functions while",
      ".{0,200}(?:have been disabled|has been disabled because)",
    ].join("|") +
    ")",
);

/** What a request is answered when its mutation threw; nothing was changed. */
export function refusalOf(error: unknown): Refusal {
  const message = error instanceof Error ? error.message : String(error);
  if (TOO_MUCH.test(message)) {
    return new Refusal(
      "payload_too_large",
      "This is more than one transaction may take; nothing was changed. Send less at once.",
    );
  }
  if (UNAVAILABLE.test(message)) {
    return new Refusal("unavailable", "Nothing was changed. Send this again shortly.");
  }
  return new Refusal(
    "internal_error",
    "Something failed that should not; nothing was changed. The deployment's log has its text.",
  );
}
