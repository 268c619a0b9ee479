import { asTranscriptionError, TranscriptionError } from "../errors";

/** Milliseconds before its end after which a ticket is not used any more. */
const MARGIN = 5 * 60 * 1000;

/** The tickets for the worker's API, one a job, asked for when they are needed. */
export class Tickets {
  readonly #tickets = new Map<string, string>();
  readonly #requests = new Map<string, Promise<string>>();
  readonly #fetchTicket: (jobId: string) => Promise<string | null>;
  readonly #now: () => number;

  /** @param now epoch milliseconds */
  constructor(fetchTicket: (jobId: string) => Promise<string | null>, now: () => number) {
    this.#fetchTicket = fetchTicket;
    this.#now = now;
  }

  /**
   * A ticket that is valid for some minutes at least.
   * @throws TranscriptionError `not_configured`, or why it could not be asked for
   */
  async get(jobId: string): Promise<string> {
    const known = this.#tickets.get(jobId);
    if (known !== undefined && expiry(known) - this.#now() > MARGIN) return known;
    const request = this.#requests.get(jobId) ?? this.#ask(jobId);
    this.#requests.set(jobId, request);
    try {
      const ticket = await request;
      // Else it was forgotten while it was asked for.
      if (this.#requests.get(jobId) === request) this.put(jobId, ticket);
      return ticket;
    } finally {
      if (this.#requests.get(jobId) === request) this.#requests.delete(jobId);
    }
  }

  /** Remembers a ticket; null: there is none yet. */
  put(jobId: string, ticket: string | null): void {
    this.forget(jobId);
    if (ticket !== null) this.#tickets.set(jobId, ticket);
  }

  /** Has the next `get` ask anew, as it must when the worker has refused the ticket. */
  forget(jobId: string): void {
    this.#tickets.delete(jobId);
    this.#requests.delete(jobId);
  }

  async #ask(jobId: string): Promise<string> {
    try {
      const ticket = await this.#fetchTicket(jobId);
      if (ticket !== null) return ticket;
    } catch (error) {
      throw asTranscriptionError(error);
    }
    throw noTicket();
  }
}

/** The deployment gives no tickets. */
export function noTicket(): TranscriptionError {
  const message = "The deployment has no CONVEX_API_KEY, so nothing can be sent to the worker.";
  return new TranscriptionError("not_configured", message);
}

/** Epoch milliseconds; 0 for what is no ticket. */
function expiry(ticket: string): number {
  return Number(/^(\d+)\./.exec(ticket)?.[1] ?? 0) * 1000;
}
