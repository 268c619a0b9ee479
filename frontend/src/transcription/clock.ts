/** The time and timers, so that tests can pass their own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Runs once, after `ms` milliseconds. */
  setTimeout(run: () => void, ms: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

/** What a clock gives for a timer, to clear it. */
export type TimerHandle = number | object;

/** This machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (handle) => {
    clearTimeout(handle as ReturnType<typeof setTimeout>);
  },
};
