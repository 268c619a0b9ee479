import type { JSONValue } from "convex/values";
import type { User } from "../auth/user";
import type { QueryRequest } from "../functions/deployment";
import { asServerError, type Outcome } from "../functions/outcome";
import { journalOf, withJournal } from "./journal";

/** One subscription of one connection. */
export interface Subscription {
  readonly queryId: number;
  readonly udfPath: string;
  readonly args: JSONValue;
  journal: string | null;
  /** Equal for equal queries: same function, arguments, journal and user. */
  key: string;
  /** The `fingerprint` of the result the client has; `null` before the first. */
  sent: string | null;
  /** It has to run once more, even when nothing was written: its connection has a new identity. */
  isDue: boolean;
}

/** A query's result, serialised once for all the connections that it goes to. */
export interface QueryResult {
  /** The count of commits that it was read at. */
  commits: number;
  /** Equal for results that a client need not be sent again. */
  fingerprint: string;
  /** The modification's JSON without the braces and the query's id. */
  body: string;
  journal: string | null;
}

/** The key of a subscription. */
export function keyOf(
  query: Pick<Subscription, "udfPath" | "args" | "journal">,
  user: User | null,
): string {
  return JSON.stringify([query.udfPath, query.args, query.journal, user?.key ?? null]);
}

/** What to run for a subscription. */
export function requestOf(query: Subscription, user: User | null): QueryRequest {
  return { path: query.udfPath, args: withJournal(query.args, query.journal), user };
}

/** Serialises what a run came to. */
export function resultOf(query: Subscription, outcome: Outcome, commits: number): QueryResult {
  const journal = query.journal ?? journalOf(query.args, outcome);
  const rest = `"logLines":[],"journal":${JSON.stringify(journal)}`;
  if (outcome.success) {
    const body = `"type":"QueryUpdated","value":${JSON.stringify(outcome.value)},${rest}`;
    return { commits, fingerprint: body, body, journal };
  }
  const data = outcome.data === undefined ? "" : `"errorData":${JSON.stringify(outcome.data)},`;
  const message = JSON.stringify(asServerError(outcome.message));
  const body = `"type":"QueryFailed","errorMessage":${message},${data}${rest}`;
  return { commits, fingerprint: outcome.message + data, body, journal };
}
