import { useSyncExternalStore } from "react";
import { tokenFor } from "../../support/backend";

interface Auth {
  isLoading: boolean;
  isAuthenticated: boolean;
  fetchAccessToken: () => Promise<string | null>;
}

/** Who is signed in at a page, as an app's own provider says. */
export class TestUser {
  #subject: string | null;
  #auth: Auth;
  readonly #listeners = new Set<() => void>();
  readonly #tokenOf: (subject: string) => Promise<string | null>;

  constructor(
    subject: string | null,
    tokenOf: (subject: string) => Promise<string | null> = tokenFor,
  ) {
    this.#subject = subject;
    this.#tokenOf = tokenOf;
    this.#auth = this.#authOf(subject);
    const subscribe = (listener: () => void): (() => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    };
    const snapshot = (): Auth => this.#auth;
    this.useAuth = function useAuth() {
      return useSyncExternalStore(subscribe, snapshot);
    };
  }

  get subject(): string | null {
    return this.#subject;
  }

  /** Another user, `null` for nobody, from now on. */
  become(subject: string | null): void {
    this.#subject = subject;
    this.#auth = this.#authOf(subject);
    for (const listener of this.#listeners) listener();
  }

  /** The hook that `ConvexProviderWithAuth` takes. */
  readonly useAuth: () => Auth;

  /** The option of `usePersistentTranscription`. */
  readonly fetchToken = async (): Promise<string | null> =>
    this.#subject === null ? null : await this.#tokenOf(this.#subject);

  #authOf(subject: string | null): Auth {
    return {
      isLoading: false,
      isAuthenticated: subject !== null,
      fetchAccessToken: () => (subject === null ? Promise.resolve(null) : this.#tokenOf(subject)),
    };
  }
}
