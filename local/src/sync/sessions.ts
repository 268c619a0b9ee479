import { MAX_REPLIES_PER_SESSION, MAX_SESSIONS } from "../limits";

/** What a mutation was answered with; `timestamp` is `null` when it failed. */
export interface MutationReply {
  frame: string;
  timestamp: bigint | null;
}

/**
 * A client's session, over all its connections. Its mutations run one after the other. One that is
 * sent again after a reconnect is answered from the record when it has succeeded; one that has
 * failed left nothing behind, so it runs again.
 */
export class Session {
  #last: Promise<unknown> = Promise.resolve();
  readonly #successes = new Map<number, MutationReply>();

  /** The reply to this request; `run` is called unless the request has succeeded before. */
  once(requestId: number, run: () => Promise<MutationReply>): Promise<MutationReply> {
    const answer = async (): Promise<MutationReply> => {
      const known = this.#successes.get(requestId);
      if (known !== undefined) return known;
      const reply = await run();
      if (reply.timestamp !== null) {
        this.#successes.set(requestId, reply);
        forgetOldest(this.#successes, MAX_REPLIES_PER_SESSION);
      }
      return reply;
    };
    const reply = this.#last.then(answer, answer);
    this.#last = reply;
    return reply;
  }
}

/** The sessions that have connected lately. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();

  /** The session of this id, a new one if it is not known. */
  open(id: string): Session {
    const session = this.#sessions.get(id) ?? new Session();
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    forgetOldest(this.#sessions, MAX_SESSIONS);
    return session;
  }
}

function forgetOldest<Key>(map: Map<Key, unknown>, limit: number): void {
  if (map.size <= limit) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
