import { encodeTimestamp } from "../clock";
import { asServerError, type Outcome } from "../functions/outcome";

/** What a client has been told: its query set, its identity, and the moment its results are of. */
export interface StateVersion {
  querySet: number;
  identity: number;
  timestamp: bigint;
}

/** A Transition; the modifications are JSON already, since connections share them. */
export function transitionFrame(
  start: StateVersion,
  end: StateVersion,
  modifications: string[],
  clientClockSkew: number | null,
): string {
  const skew = clientClockSkew === null ? "" : `,"clientClockSkew":${clientClockSkew}`;
  return (
    `{"type":"Transition","startVersion":${version(start)},"endVersion":${version(end)},` +
    `"modifications":[${modifications.join(",")}]${skew}}`
  );
}

/** The answer to a mutation; a client waits for a Transition at `timestamp` or later before it believes a success. */
export function mutationResponse(requestId: number, outcome: Outcome, timestamp: bigint): string {
  return JSON.stringify({
    type: "MutationResponse",
    requestId,
    ...response(outcome),
    ...(outcome.success && { ts: encodeTimestamp(timestamp) }),
  });
}

/** The answer to an action. */
export function actionResponse(requestId: number, outcome: Outcome): string {
  return JSON.stringify({ type: "ActionResponse", requestId, ...response(outcome) });
}

/** A token was refused (`attempted`: just now, by an Authenticate) and the connection is closing. */
export function authErrorFrame(error: string, baseVersion: number, attempted: boolean): string {
  return JSON.stringify({
    type: "AuthError",
    error,
    baseVersion,
    authUpdateAttempted: attempted,
  });
}

/** The client has broken the protocol: it must not reconnect. */
export function fatalErrorFrame(error: string): string {
  return JSON.stringify({ type: "FatalError", error });
}

/** Tells a quiet client that the connection is alive. */
export const PING_FRAME = JSON.stringify({ type: "Ping" });

function response(outcome: Outcome): object {
  if (outcome.success) return { success: true, result: outcome.value, logLines: [] };
  return {
    success: false,
    result: asServerError(outcome.message),
    ...(outcome.data !== undefined && { errorData: outcome.data }),
    logLines: [],
  };
}

function version({ querySet, identity, timestamp }: StateVersion): string {
  return `{"querySet":${querySet},"identity":${identity},"ts":"${encodeTimestamp(timestamp)}"}`;
}
