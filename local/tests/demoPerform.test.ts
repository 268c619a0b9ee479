import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { perform } from "../src/demo/perform";

/** How long the replay takes here, and how long it waits for the page: milliseconds. */
const REPLAY_MS = 20_000;
const WAIT_MS = 10_000;

/** A demo that only writes down when it does what, seconds after the start. */
function rehearsal() {
  const startedAt = Date.now();
  const done: string[] = [];
  const note = (what: string): void => {
    done.push(`${(Date.now() - startedAt) / 1000} s: ${what}`);
  };
  const controller = new AbortController();
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  let replays = 0;
  const demo = {
    announce: () => {
      note("announce");
    },
    play: async (_events: unknown, signal: AbortSignal) => {
      note("play");
      await new Promise((resolve) => setTimeout(resolve, REPLAY_MS));
      signal.throwIfAborted();
      note("end");
      return [`problem ${(replays += 1)}`];
    },
    invite: (signal: AbortSignal) => {
      note("invite");
      return new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          resolve();
        });
      });
    },
  };
  const problems = perform(demo, [], opened, controller.signal, WAIT_MS);
  // Looked at by the test, when it is through.
  problems.catch(() => undefined);
  return {
    done,
    problems,
    open: () => {
      open();
    },
    end: () => {
      controller.abort();
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = async (seconds: number) => await vi.advanceTimersByTimeAsync(seconds * 1_000);

describe("the replay", () => {
  test("begins when the page is opened, and is played once", async () => {
    const { done, open, end, problems } = rehearsal();
    await pass(3);
    open();
    await pass(60);
    end();
    expect(await problems).toEqual(["problem 1"]);
    expect(done).toEqual(["0 s: announce", "3 s: play", "23 s: end", "23 s: invite"]);
  });

  test("begins by itself, and is played again when the page is opened after the end", async () => {
    const { done, open, end, problems } = rehearsal();
    await pass(50);
    open();
    await pass(60);
    end();
    expect(await problems).toEqual(["problem 1", "problem 2"]);
    expect(done).toEqual([
      "0 s: announce",
      "10 s: play",
      "30 s: end",
      "30 s: invite",
      "50 s: play",
      "70 s: end",
    ]);
  });

  test("is not played again when the page was opened in the middle", async () => {
    const { done, open, end, problems } = rehearsal();
    await pass(15);
    open();
    await pass(60);
    end();
    expect(await problems).toEqual(["problem 1"]);
    expect(done.filter((line) => line.endsWith("play"))).toHaveLength(1);
  });
});

describe("ended", () => {
  test("while it waits for the page", async () => {
    const { done, end, problems } = rehearsal();
    await pass(5);
    end();
    await expect(problems).rejects.toThrow(/abort/i);
    expect(done).toEqual(["0 s: announce"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("while nobody has opened the page", async () => {
    const { end, problems } = rehearsal();
    await pass(40);
    end();
    expect(await problems).toEqual(["problem 1"]);
  });

  test("while it is played again", async () => {
    const { open, end, problems } = rehearsal();
    await pass(40);
    open();
    await pass(1);
    end();
    await pass(30);
    await expect(problems).rejects.toThrow(/abort/i);
  });
});
