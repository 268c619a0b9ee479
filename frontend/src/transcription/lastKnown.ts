import { useState } from "react";
import { useReplaceableClient } from "./ConvexClientProvider";

/**
 * Keeps what a query said while a client that has just replaced another one asks again, so that the
 * page does not go blank. Only then: a new user's page does begin with nothing.
 */
export class LastKnown<T extends { status: string }> {
  #state: T | null = null;
  #generation = 0;

  /** @param generation how often the client has been replaced */
  keep(state: T, generation: number): T {
    if (state.status === "loading" && this.#state !== null && this.#generation < generation) {
      return this.#state;
    }
    this.#state = state;
    this.#generation = generation;
    return state;
  }
}

/** What a query says, or said before a client was replaced whose successor has not asked yet. */
export function useLastKnown<T extends { status: string }>(state: T): T {
  const generation = useReplaceableClient()?.generation ?? 0;
  const [known] = useState(() => new LastKnown<T>());
  return known.keep(state, generation);
}
