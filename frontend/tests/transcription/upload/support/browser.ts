import { vi } from "vitest";
import { UploadLedger } from "../../../../src/transcription/upload/ledger";
import { TestClock } from "../../../support/clock";
import { MemoryLocks } from "./locks";

/** Milliseconds. */
export const HOUR = 60 * 60_000;
/** Where the entry of `job-1` is stored. */
export const KEY = "transcription-upload:job-1";
/** Work that does not end. */
export const forever = (): Promise<never> => new Promise(() => undefined);

/** A browser with locks, or without; its pages share the storage. */
export function browser({
  locks = true,
  storage = localStorage,
}: { locks?: boolean; storage?: Storage | undefined } = {}) {
  const clock = new TestClock();
  const all = new MemoryLocks();
  return {
    clock,
    all,
    page: () => {
      const own = all.page();
      const options = { storage, locks: locks ? own : undefined, clock };
      return { ledger: new UploadLedger(options), die: own.die };
    },
  };
}

/** Takes reports, or fails to. */
export function reporter(fail: () => Error | null = () => null) {
  return vi.fn((_jobId: string) => {
    const error = fail();
    return error === null ? Promise.resolve() : Promise.reject(error);
  });
}
