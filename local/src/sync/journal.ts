import type { JSONValue } from "convex/values";
import { isJSONObject } from "../json";
import type { Outcome } from "../functions/outcome";

/**
 * The arguments for another run of a paginated query: the page ends where it ended the first time,
 * so that rows that come in make it longer and never push others into the gap behind it.
 */
export function withJournal(args: JSONValue, journal: string | null): JSONValue {
  if (journal === null || !isJSONObject(args)) return args;
  const options = args["paginationOpts"];
  if (!isJSONObject(options) || typeof options["endCursor"] === "string") return args;
  return { ...args, paginationOpts: { ...options, endCursor: journal } };
}

/** What to remember of a run: the cursor at the page's end, `null` for queries without pages. */
export function journalOf(args: JSONValue, outcome: Outcome): string | null {
  if (!isJSONObject(args) || !isJSONObject(args["paginationOpts"])) return null;
  if (!outcome.success || !isJSONObject(outcome.value)) return null;
  const cursor = outcome.value["continueCursor"];
  return typeof cursor === "string" ? cursor : null;
}
