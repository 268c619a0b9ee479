import { beforeEach, describe, expect, test, vi } from "vitest";
import { browserLedger, UploadLedger } from "../../../src/transcription/upload/ledger";
import { browser, forever, HOUR, KEY, reporter } from "./support/browser";
import { settle, TestClock } from "../../support/clock";
import { MemoryLocks } from "./support/locks";

beforeEach(() => {
  localStorage.clear();
});

describe("without locks", () => {
  test("a page that sends is left alone, and a dead one noticed after a while", async () => {
    const { page, clock } = browser({ locks: false });
    const sending = page().ledger;
    let end: () => void = () => undefined;
    const held = sending.hold("job-1", () => new Promise<void>((resolve) => (end = resolve)));
    await settle();
    const report = reporter();
    const watching = page().ledger.reportCutOff(report);
    await clock.pass(HOUR);
    expect(report).not.toHaveBeenCalled();
    end();
    await held;
    await clock.pass(2 * 90_000);
    await watching;
    expect(report).toHaveBeenCalledTimes(1);
    expect(sending.has("job-1")).toBe(false);
    expect(clock.timers).toBe(0);
  });

  test("an upload that is done has no more signs of life", async () => {
    const { page, clock } = browser({ locks: false });
    const { ledger } = page();
    void ledger.hold("job-1", forever);
    await settle();
    ledger.done("job-1");
    await clock.pass(HOUR);
    expect(localStorage).toHaveLength(0);
  });

  test("watching can be stopped", async () => {
    localStorage.setItem(KEY, String(new TestClock().now()));
    const { page, clock } = browser({ locks: false });
    const report = reporter();
    const stop = new AbortController();
    const watching = page().ledger.reportCutOff(report, stop.signal);
    await settle();
    stop.abort();
    await watching;
    expect(clock.timers).toBe(0);
    await page().ledger.reportCutOff(report, stop.signal);
    await clock.pass(HOUR);
    expect(report).not.toHaveBeenCalled();
    expect(localStorage).toHaveLength(1);
  });
});

describe("where the browser refuses", () => {
  function throwing(): Storage {
    const fail = (): never => {
      throw new DOMException("No.", "SecurityError");
    };
    return new Proxy({} as Storage, { get: fail, ownKeys: fail });
  }

  test.each([undefined, throwing()])("the storage, work is done all the same", async (storage) => {
    for (const locks of [true, false]) {
      const { page } = browser({ locks, storage });
      const { ledger } = page();
      const value = await ledger.hold("job-1", () => {
        expect(ledger.has("job-1")).toBe(true);
        return Promise.resolve(5);
      });
      expect(value).toBe(5);
      ledger.done("job-1");
      expect(ledger.has("job-1")).toBe(false);
      await ledger.reportCutOff(reporter());
    }
  });

  test("room in the storage, work is done all the same", async () => {
    const full = vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("No room.", "QuotaExceededError");
    });
    expect(
      await browser()
        .page()
        .ledger.hold("job-1", () => Promise.resolve(5)),
    ).toBe(5);
    full.mockRestore();
  });

  test("locks, work is done all the same, once", async () => {
    const locks = new MemoryLocks().page();
    locks.request = () => Promise.reject(new DOMException("No.", "SecurityError"));
    const ledger = new UploadLedger({ storage: localStorage, locks });
    const work = vi.fn(() => Promise.resolve(5));
    expect(await ledger.hold("job-1", work)).toBe(5);
    expect(work).toHaveBeenCalledTimes(1);
  });

  test("nothing, the ledger is the browser's", async () => {
    await browserLedger().hold("job-1", () => Promise.resolve());
    expect(localStorage.getItem(KEY)).not.toBeNull();
    expect(browserLedger().has("job-1")).toBe(true);
  });
});
