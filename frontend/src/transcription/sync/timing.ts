/** Milliseconds, all of them. */
export const TIMING = {
  /** Between questions to the worker's API; default of `pollInterval`. */
  poll: 10_000,
  /** Without news, after which a fault is looked for; default of `stuckAfter`. */
  stuck: 30_000,
  /** Between readings of Convex over plain HTTP. With it a recovery is seen in well under 10 s. */
  convexRead: 5_000,
  /** For the answer to a question, with the token or ticket that it takes. */
  answer: 10_000,
  /** For the first connection: a page that opens is not a page that is cut off. */
  firstConnection: 5_000,
  /** The longest pause between questions to an API that fails. */
  longestPause: 60_000,
  /** For which `recovered` is shown. */
  recovered: 5_000,
} as const;
