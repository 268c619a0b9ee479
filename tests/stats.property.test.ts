import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { api, internal } from "../convex/_generated/api";
import { statusGroup } from "../convex/transcription/model/status";
import { type Backend, newBackend, segments } from "./support/backend";

const JOBS = ["a", "b", "c"];
const DAY = 24 * 60 * 60 * 1000;

const operation = fc.record({
  jobId: fc.constantFrom(...JOBS),
  kind: fc.constantFrom(
    "create",
    "process",
    "complete",
    "fail",
    "next attempt",
    "cancel",
    "remove",
    "upload failed",
    "a day passes",
    "watchdog",
    "retention",
  ),
});

async function perform(backend: Backend, { jobId, kind }: { jobId: string; kind: string }) {
  const { alice, t } = backend;
  const { cancel, create, remove, uploadFailed } = api.transcriptionJobs;
  switch (kind) {
    case "create":
      return await alice.mutation(create, { jobId });
    case "process":
      return await backend.post({ jobId, status: "processing" });
    case "complete":
      return await backend.post({
        jobId,
        status: "completed",
        result: { segments: segments(0, 2) },
      });
    case "fail":
      return await backend.post({ jobId, status: "failed", error: "x" });
    case "next attempt":
      return await backend.post({ jobId, status: "processing", attempt: 2 });
    case "cancel":
      return await alice.mutation(cancel, { jobId });
    case "remove":
      return await alice.mutation(remove, { jobId });
    case "upload failed":
      return await alice.mutation(uploadFailed, { jobId, error: "x" });
    case "a day passes":
      return vi.setSystemTime(Date.now() + DAY + 1);
    case "watchdog":
      return await t.mutation(internal.transcriptionJobs.run, { op: "watchdog" });
    default:
      return await t.mutation(internal.transcriptionJobs.run, { op: "retention" });
  }
}

test("transcriptionStats equals a scan after any list of operations", async () => {
  vi.spyOn(console, "log").mockReturnValue(undefined);
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
      vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ["Date"] });
      const backend = newBackend();
      vi.stubEnv("RETENTION_DAYS", "2");
      for (const step of operations) {
        // Refusals, such as removing an active job, must not count either.
        await perform(backend, step).catch(() => null);
      }
      const scanned = { active: 0, completed: 0, failed: 0, cancelled: 0 };
      for (const row of (await backend.dump()).transcriptionJobs)
        scanned[statusGroup(row.status)]++;
      expect(await backend.alice.query(api.transcriptionJobs.stats, {})).toEqual(scanned);
    }),
    { numRuns: 60 },
  );
});
