import type { Dictionary } from "./i18n/en";

type Failure = keyof Dictionary["failures"];

/** How the reasons begin that the hook, the worker and Convex give in English, in whole sentences. */
const BEGINNINGS: readonly (readonly [beginning: string, failure: Failure])[] = [
  ["the upload never arrived", "neverArrived"],
  ["The page was closed before", "closedPage"],
  ["The upload has not moved", "stalled"],
  ["The worker cannot be reached", "unreachable"],
  ["The file can no longer be read", "fileGone"],
  ["This is no audio file that can be read", "unreadable"],
  ["This file has no sound", "silent"],
  ["The audio file is broken", "broken"],
  ["The audio is longer than", "tooLong"],
  ["The file is larger than", "tooLarge"],
  ["The worker's disk is full", "diskFull"],
  ["The worker made a mistake", "crashed"],
];

/** Which of the known reasons a job's `error` is, `null` for any other: engines have their own. */
export function knownFailure(error: string): Failure | null {
  return BEGINNINGS.find(([beginning]) => error.startsWith(beginning))?.[1] ?? null;
}
