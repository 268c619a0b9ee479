import { formatBytes } from "./sizes";

const HELP =
  "Consider using smaller limits in your queries, paginating your queries, or using indexed " +
  "queries with a selective index range expressions.";

const IN_ONE_EXECUTION = "in a single function execution";

type Wording = readonly [convexTest: RegExp, platform: (limit: number) => string];

const WORDINGS: readonly Wording[] = [
  [
    /^Scanned too many documents .*\(limit: (\d+)\)/,
    (limit) => `Too many documents read ${IN_ONE_EXECUTION} (limit: ${limit}). ${HELP}`,
  ],
  [
    /^Read too much data .*\(limit: (\d+) bytes\)/,
    (limit) => `Too many bytes read ${IN_ONE_EXECUTION} (limit: ${limit} bytes). ${HELP}`,
  ],
  [
    /^Too many index ranges read .*\(limit: (\d+)\)/,
    (limit) => `Too many reads ${IN_ONE_EXECUTION} (limit: ${limit}). ${HELP}`,
  ],
  [
    /^Wrote too many documents .*\(limit: (\d+)\)/,
    (limit) => `Too many writes ${IN_ONE_EXECUTION} (limit: ${limit})`,
  ],
  [
    /^Wrote too much data .*\(limit: (\d+) bytes\)/,
    (limit) => `Too many bytes written ${IN_ONE_EXECUTION} (limit: ${formatBytes(limit)})`,
  ],
  [
    /^Scheduled too many functions .*\(limit: (\d+)\)/,
    (limit) => `Too many functions scheduled by this mutation (limit: ${limit})`,
  ],
  [
    /^Scheduled function arguments too large .*\(limit: (\d+) bytes\)/,
    (limit) =>
      "Too large total size of the arguments of scheduled functions from this mutation " +
      `(limit: ${limit} bytes)`,
  ],
  [
    /^Only a single paginated query/,
    () =>
      "This query or mutation function ran multiple paginated queries. Convex only supports a " +
      "single paginated query in each function.",
  ],
];

/** What the platform says where convex-test says this; other texts stay as they are. */
export function inPlatformWords(message: string): string {
  for (const [convexTest, platform] of WORDINGS) {
    const match = convexTest.exec(message);
    if (match !== null) return platform(Number(match[1]));
  }
  return message;
}

/** Whether a function failed since its transaction has read too much. */
export function isReadLimit(message: string): boolean {
  return /Too many (?:documents |bytes )?reads? in a single function execution/.test(message);
}
