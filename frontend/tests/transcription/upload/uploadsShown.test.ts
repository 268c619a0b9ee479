import { beforeEach, describe, expect, test, vi } from "vitest";
import type { UploadProgress } from "../../../src/transcription/types";
import { settle, TestClock } from "../../support/clock";
import { MemoryLocks } from "./support/locks";
import { quietRequests } from "./support/quiet";
import { FILE, slowWorker } from "./support/slowWorker";
import { commands, openPage } from "./support/uploads";

beforeEach(() => {
  localStorage.clear();
  quietRequests();
});

test("two files are sent at a time, the others wait with their rows made", async () => {
  const worker = await slowWorker();
  const { uploads, commands } = openPage(worker.url);
  const ids = ["1", "2", "3", "4"];
  for (const jobId of ids) await uploads.start(FILE, { jobId });
  expect(commands.create).toHaveBeenCalledTimes(4);
  expect([...uploads.snapshot().keys()]).toEqual(ids);
  expect(uploads.snapshot().get("4")).toEqual({ loaded: 0, total: 5 });
  await worker.arrived("2");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([...worker.waiting.keys()].sort()).toEqual(["1", "2"]);
  await worker.finish("1");
  await worker.arrived("3");
  expect(worker.waiting.has("4")).toBe(false);
  for (const jobId of ["2", "3", "4"]) await worker.finish(jobId);
  await expect.poll(() => uploads.active).toBe(false);
});

describe("what is shown of the uploads", () => {
  async function moving() {
    const clock = new TestClock();
    let move: (progress: UploadProgress) => void = () => undefined;
    let end: () => void = () => undefined;
    const page = openPage("", { clock, api: undefined as never });
    const upload = vi.fn(
      ({ onProgress }: { onProgress: typeof move }) =>
        new Promise<void>((resolve) => {
          move = onProgress;
          end = resolve;
        }),
    );
    const { uploads } = openPage("", {
      ...page,
      commands: commands(),
      clock,
      api: { upload } as never,
    });
    await uploads.start(new File(["0123456789"], "n"), { jobId: "mine" });
    await settle();
    const listener = vi.fn();
    const unsubscribe = uploads.subscribe(listener);
    const to = (loaded: number): void => {
      move({ loaded, total: 10 });
    };
    const shown = (): number | undefined => uploads.snapshot().get("mine")?.loaded;
    return {
      uploads,
      clock,
      listener,
      unsubscribe,
      to,
      shown,
      end: () => {
        end();
      },
    };
  }

  test("changes at most ten times a second, and shows the last", async () => {
    const { clock, listener, to, shown } = await moving();
    for (const loaded of [1, 2, 3]) to(loaded);
    expect([shown(), listener.mock.calls.length]).toEqual([1, 1]);
    await clock.pass(99);
    to(4);
    expect([shown(), listener.mock.calls.length]).toEqual([1, 1]);
    await clock.pass(1);
    expect([shown(), listener.mock.calls.length]).toEqual([4, 2]);
    await clock.pass(1_000);
    expect(listener).toHaveBeenCalledTimes(2);
    to(5);
    expect([shown(), listener.mock.calls.length]).toEqual([5, 3]);
  });

  test("is one and the same until it changes, and then another", async () => {
    const { uploads, to, end, listener } = await moving();
    const before = uploads.snapshot();
    expect(uploads.snapshot()).toBe(before);
    to(5);
    expect(uploads.snapshot()).not.toBe(before);
    expect(before.get("mine")).toEqual({ loaded: 0, total: 10 });
    to(10);
    end();
    await settle();
    expect(uploads.snapshot().size).toBe(0);
    expect(listener).toHaveBeenCalledTimes(2);
  });

  test("does not come back after the end, and leaves no timer", async () => {
    const { uploads, clock, to, end } = await moving();
    to(5);
    to(6);
    end();
    await settle();
    to(7);
    await clock.pass(1_000);
    expect(uploads.snapshot().size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  test("is told to nobody who has left", async () => {
    const { listener, unsubscribe, to } = await moving();
    unsubscribe();
    to(5);
    expect(listener).not.toHaveBeenCalled();
  });
});

describe("uploads that a closed page cut off", () => {
  test("are reported by the next page, one that still sends is left alone", async () => {
    const worker = await slowWorker();
    const locks = new MemoryLocks();
    const [closing, sending, next] = [1, 2, 3].map(() => openPage(worker.url, { locks }));
    if (closing === undefined || sending === undefined || next === undefined) throw new Error();
    await closing.uploads.start(FILE, { jobId: "cut" });
    await sending.uploads.start(FILE, { jobId: "sent" });
    closing.die();
    expect([next.uploads.isUploading("sent"), next.uploads.active]).toEqual([true, false]);
    const reported = next.uploads.reportCutOff();
    await expect.poll(() => next.commands.uploadFailed.mock.calls.length).toBe(1);
    expect(next.commands.uploadFailed.mock.lastCall?.[0]).toBe("cut");
    expect(next.commands.uploadFailed.mock.lastCall?.[1]).toContain("closed");
    await worker.finish("sent");
    await reported;
    expect(next.commands.uploadFailed).toHaveBeenCalledTimes(1);
  });

  test("are watched for again after a dispose", async () => {
    const locks = new MemoryLocks();
    const worker = await slowWorker();
    const closing = openPage(worker.url, { locks });
    await closing.uploads.start(FILE, { jobId: "cut" });
    const next = openPage(worker.url, { locks });
    const stopped = next.uploads.reportCutOff();
    next.uploads.dispose();
    const again = next.uploads.reportCutOff();
    await stopped;
    expect(next.commands.uploadFailed).not.toHaveBeenCalled();
    closing.die();
    await again;
    expect(next.commands.uploadFailed).toHaveBeenCalledTimes(1);
  });
});
