import { useState } from "react";

/**
 * Keeps what a query said while the client that has replaced another one asks again, so that the
 * page does not go blank.
 */
export class LastKnown<T extends { status: string }> {
  #state: T | null = null;
  #key: string | null = null;

  /** @param key whose state it is, and of what: another user's, or job's, begins with nothing */
  keep(state: T, key: string): T {
    if (state.status === "loading" && this.#state !== null && this.#key === key) return this.#state;
    this.#state = state;
    this.#key = key;
    return state;
  }
}

/** What a query says; while it is asked again, what it said before. */
export function useLastKnown<T extends { status: string }>(state: T, key: string): T {
  const [known] = useState(() => new LastKnown<T>());
  return known.keep(state, key);
}
