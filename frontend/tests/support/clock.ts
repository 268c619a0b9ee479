import type { Clock } from "../../src/transcription/clock";

/** A clock that a test moves. */
export class TestClock implements Clock {
  #now: number;
  readonly #timers = new Map<number, { at: number; run: () => void }>();
  #next = 1;

  constructor(now = Date.parse("2026-03-01T12:00:00Z")) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  setTimeout(run: () => void, ms: number): number {
    this.#timers.set(this.#next, { at: this.#now + ms, run });
    return this.#next++;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number);
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass, with all that happens on the way. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end);
      const [first] = due.sort(([, one], [, other]) => one.at - other.at);
      if (first === undefined) break;
      const [handle, { at, run }] = first;
      this.#timers.delete(handle);
      this.#now = at;
      run();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Whether a promise is not settled yet. */
export async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  await settle();
  const waiting = Promise.resolve(settle);
  return (await Promise.race([promise, waiting])) === settle;
}
