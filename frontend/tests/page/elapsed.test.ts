import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ElapsedClock } from "../../src/page/elapsed";
import { systemClock } from "../../src/transcription/clock";
import { job, NOON } from "./madeUp";

let isVisible = true;
let clock: ElapsedClock;

beforeEach(() => {
  // The page's clock is a year behind the server's: they are never compared.
  vi.useFakeTimers({ now: NOON - 365 * 24 * 3_600_000 });
  isVisible = true;
  clock = new ElapsedClock(systemClock, () => isVisible);
});
afterEach(() => {
  vi.useRealTimers();
});

const running = job({ jobId: "a", startedAt: NOON + 2_000, updatedAt: NOON + 12_000 });

describe("seconds", () => {
  it("counts on from what the row says", () => {
    clock.subscribe(() => undefined);
    clock.see([running]);
    expect(clock.seconds("a")).toBe(10);
    vi.advanceTimersByTime(5_000);
    expect(clock.seconds("a")).toBe(15);
  });

  it("does not go back when an update says less, and takes over when it says more", () => {
    clock.see([running]);
    vi.advanceTimersByTime(8_000);
    clock.see([{ ...running, updatedAt: NOON + 13_000 }]);
    expect(clock.seconds("a")).toBe(18);
    clock.see([{ ...running, updatedAt: NOON + 32_000 }]);
    expect(clock.seconds("a")).toBe(30);
  });

  it("is never negative where the worker's clock is ahead", () => {
    clock.see([{ ...running, startedAt: NOON + 99_000 }]);
    expect(clock.seconds("a")).toBe(0);
  });

  it("does not believe in a start before the job was made", () => {
    clock.see([{ ...running, startedAt: NOON - 3_600_000 }]);
    expect(clock.seconds("a")).toBe(12);
  });

  it("begins anew with the next attempt, and when a job leaves the queue", () => {
    const waiting = job({ jobId: "a", status: "pending", updatedAt: NOON + 60_000 });
    clock.see([waiting]);
    expect(clock.seconds("a")).toBe(60);
    clock.see([{ ...running, startedAt: NOON + 61_000, updatedAt: NOON + 61_000 }]);
    expect(clock.seconds("a")).toBe(0);
    clock.see([{ ...running, attempt: 2, startedAt: NOON + 90_000, updatedAt: NOON + 93_000 }]);
    expect(clock.seconds("a")).toBe(3);
  });

  it("is unknown for a job that is not active", () => {
    clock.see([running]);
    clock.see([]);
    expect(clock.seconds("a")).toBeNull();
  });
});

describe("silence", () => {
  it("counts from the last news on Convex, not from what a poll says", () => {
    clock.see([running]);
    vi.advanceTimersByTime(40_000);
    clock.see([{ ...running, updatedAt: NOON + 50_000, source: "worker" }]);
    expect(clock.silence("a")).toBe(40);
    clock.see([{ ...running, updatedAt: NOON + 52_000 }]);
    expect(clock.silence("a")).toBe(0);
  });

  it("includes what was silent before the page was opened", () => {
    clock.see([{ ...running, stalledAt: running.updatedAt + 130_000 }]);
    expect(clock.silence("a")).toBe(130);
    expect(clock.seconds("a")).toBe(140);
  });
});

describe("the timer", () => {
  it("runs only while somebody looks, a job is active and the page is visible", () => {
    expect(vi.getTimerCount()).toBe(0);
    const leave = clock.subscribe(() => undefined);
    expect(vi.getTimerCount()).toBe(0);
    clock.see([running, { ...running, jobId: "b" }]);
    expect(vi.getTimerCount()).toBe(1);
    isVisible = false;
    clock.visibilityChanged();
    expect(vi.getTimerCount()).toBe(0);
    isVisible = true;
    clock.visibilityChanged();
    expect(vi.getTimerCount()).toBe(1);
    leave();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("catches up when the page is shown again", () => {
    clock.subscribe(() => undefined);
    clock.see([running]);
    isVisible = false;
    clock.visibilityChanged();
    vi.advanceTimersByTime(60_000);
    isVisible = true;
    clock.visibilityChanged();
    expect(clock.seconds("a")).toBe(70);
  });
});
