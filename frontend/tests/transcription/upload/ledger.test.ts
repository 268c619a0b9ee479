import { beforeEach, describe, expect, test } from "vitest";
import { TranscriptionError } from "../../../src/transcription/errors";
import { browser, forever, HOUR, KEY, reporter } from "./support/browser";
import { settle, TestClock } from "../../support/clock";

beforeEach(() => {
  localStorage.clear();
});

describe("an upload in the ledger", () => {
  test("is there from the work's beginning until it is done", async () => {
    const { page } = browser();
    const [one, other] = [page().ledger, page().ledger];
    expect(one.has("job-1")).toBe(false);
    const value = await one.hold("job-1", () => {
      expect([one.has("job-1"), other.has("job-1"), other.has("job-2")]).toEqual([
        true,
        true,
        false,
      ]);
      one.done("job-1");
      return Promise.resolve(5);
    });
    expect(value).toBe(5);
    expect([one.has("job-1"), other.has("job-1")]).toEqual([false, false]);
    expect(localStorage).toHaveLength(0);
  });

  test.each([true, false])("stays when the work ends otherwise, locks: %j", async (locks) => {
    const { page, clock } = browser({ locks });
    const { ledger } = page();
    await ledger.hold("job-1", () => Promise.resolve());
    expect(ledger.has("job-1")).toBe(true);
    const failing = ledger.hold("job-2", () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(ledger.has("job-2")).toBe(true);
    await settle();
    expect(clock.timers).toBe(0);
  });

  test("is of its own job alone, whatever other tabs write", async () => {
    const { page } = browser();
    const [one, other] = [page().ledger, page().ledger];
    await Promise.all([
      one.hold("job-1", () => Promise.resolve()),
      other.hold("job-2", () => Promise.resolve()),
    ]);
    one.done("job-1");
    expect([one.has("job-1"), one.has("job-2")]).toEqual([false, true]);
  });
});

describe("an upload that was cut off", () => {
  test("is reported by the next page, once", async () => {
    const { page } = browser();
    const dying = page();
    void dying.ledger.hold("job-1", forever);
    await settle();
    dying.die();
    const report = reporter();
    await Promise.all([
      page().ledger.reportCutOff(report),
      page().ledger.reportCutOff(report),
      page().ledger.reportCutOff(report),
    ]);
    expect(report.mock.calls).toEqual([["job-1"]]);
    expect(localStorage).toHaveLength(0);
  });

  test("is not one that another page still sends; its death is noticed at once", async () => {
    const { page } = browser();
    const sending = page();
    void sending.ledger.hold("job-1", forever);
    await settle();
    const report = reporter();
    const watching = page().ledger.reportCutOff(report);
    await settle();
    expect(report).not.toHaveBeenCalled();
    sending.die();
    await watching;
    expect(report).toHaveBeenCalledTimes(1);
  });

  test("is not one that another page ends well", async () => {
    const { page } = browser();
    const sending = page().ledger;
    let end: () => void = () => undefined;
    const held = sending.hold("job-1", async () => {
      await new Promise<void>((resolve) => (end = resolve));
      sending.done("job-1");
    });
    await settle();
    const report = reporter();
    const watching = page().ledger.reportCutOff(report);
    end();
    await Promise.all([held, watching]);
    expect(report).not.toHaveBeenCalled();
  });

  test("is never one that begins just now", async () => {
    const { page } = browser();
    const report = reporter();
    const watcher = page().ledger;
    void page().ledger.hold("job-1", forever);
    void watcher.reportCutOff(report);
    await settle();
    void watcher.reportCutOff(report);
    await settle();
    expect(report).not.toHaveBeenCalled();
  });

  test("is not one of this page, but one that this page could not report", async () => {
    const { page } = browser();
    const { ledger } = page();
    const report = reporter();
    let end: () => void = () => undefined;
    const held = ledger.hold("job-1", () => new Promise<void>((resolve) => (end = resolve)));
    await settle();
    await ledger.reportCutOff(report);
    expect(report).not.toHaveBeenCalled();
    end();
    await held;
    await ledger.reportCutOff(report);
    expect(report).toHaveBeenCalledTimes(1);
  });

  test.each(["job_not_found", "unauthenticated"])(
    "is kept when its report fails: %s",
    async (code) => {
      localStorage.setItem(KEY, String(Date.parse("2026-03-01T11:00:00Z")));
      const { page } = browser();
      const { ledger } = page();
      let error: Error | null = new TranscriptionError(code, "No.");
      const report = reporter(() => error);
      await ledger.reportCutOff(report);
      expect(ledger.has("job-1")).toBe(true);
      error = null;
      await ledger.reportCutOff(report);
      expect(report).toHaveBeenCalledTimes(2);
      expect(ledger.has("job-1")).toBe(false);
    },
  );

  test.each(["", "garbage", "-5", "{}", "1e3", "99999999999999999999"])(
    "is none where the entry is %j",
    async (value) => {
      localStorage.setItem(KEY, value);
      localStorage.setItem("another-key", "value");
      localStorage.setItem("transcription-upload:not a job id", String(new TestClock().now()));
      const report = reporter();
      await browser().page().ledger.reportCutOff(report);
      expect(report).not.toHaveBeenCalled();
      expect(localStorage.getItem(KEY)).toBeNull();
      expect(localStorage.getItem("another-key")).toBe("value");
    },
  );

  test.each([true, false])("is dropped after a day, locks: %j", async (locks) => {
    const { page, clock } = browser({ locks });
    localStorage.setItem(KEY, String(clock.now() - 24 * HOUR - 1));
    localStorage.setItem("transcription-upload:job-2", String(clock.now() - 23 * HOUR));
    const report = reporter();
    const watching = page().ledger.reportCutOff(report);
    await settle();
    await clock.pass(HOUR / 2);
    await watching;
    expect(report.mock.calls).toEqual([["job-2"]]);
    expect(localStorage).toHaveLength(0);
  });

  test("is watched once, however often one asks, and again after a stop", async () => {
    const { page, all } = browser();
    const sending = page();
    void sending.ledger.hold("job-1", forever);
    await settle();
    const { ledger } = page();
    const report = reporter();
    const first = new AbortController();
    const stopped = ledger.reportCutOff(report, first.signal);
    void ledger.reportCutOff(report, first.signal);
    await settle();
    expect(all.queued(KEY)).toBe(2);
    first.abort();
    // Without a pause, as a component does that is mounted twice.
    const second = ledger.reportCutOff(report);
    await stopped;
    await settle();
    expect(all.queued(KEY)).toBe(2);
    sending.die();
    await second;
    expect(report).toHaveBeenCalledTimes(1);
  });
});
