import { vi } from "vitest";
import { systemClock } from "../../../../src/transcription/clock";
import { UploadLedger } from "../../../../src/transcription/upload/ledger";
import { Tickets } from "../../../../src/transcription/upload/tickets";
import {
  Uploads,
  type UploadCommands,
  type UploadsOptions,
} from "../../../../src/transcription/upload/uploads";
import { WorkerApi } from "../../../../src/transcription/upload/workerApi";
import { MemoryLocks } from "./locks";

export const TICKET = "9999999999.t";

/** Mutations that succeed, unless a test says otherwise. */
export function commands() {
  return {
    create: vi.fn<UploadCommands["create"]>(({ jobId }) =>
      Promise.resolve({ jobId, ticket: TICKET }),
    ),
    uploadFailed: vi.fn<UploadCommands["uploadFailed"]>(() => Promise.resolve(null)),
  };
}

/** A page with uploads to a worker's address, in a browser of its own unless `locks` are given. */
export function openPage(
  baseUrl: string,
  { locks = new MemoryLocks(), ...more }: { locks?: MemoryLocks } & Partial<UploadsOptions> = {},
) {
  const clock = more.clock ?? systemClock;
  const own = locks.page();
  const ledger = new UploadLedger({ storage: localStorage, locks: own, clock });
  const asked = vi.fn((_jobId: string) => Promise.resolve(TICKET));
  const tickets = new Tickets(asked, () => clock.now());
  const called = commands();
  const api = new WorkerApi({ baseUrl, clock });
  const uploads = new Uploads({ commands: called, api, tickets, ledger, clock, ...more });
  return { uploads, ledger, tickets, asked, commands: called, die: own.die };
}
