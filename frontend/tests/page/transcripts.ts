import { vi } from "vitest";
import type * as Queries from "../../src/transcription/queries";
import type * as Transcription from "../../src/transcription";
import type { JobView, TranscriptState } from "../../src/transcription";

/*
 * In place of the two hooks that read Convex by themselves. Import this before the page.
 */

/** Transcripts by job, and rows that are not in the lists. */
export const stored = {
  transcripts: new Map<string, TranscriptState>(),
  rows: new Map<string, JobView>(),
};

vi.mock("../../src/transcription", async (importOriginal) => ({
  ...(await importOriginal<typeof Transcription>()),
  useTranscript: (jobId: string): TranscriptState =>
    stored.transcripts.get(jobId) ?? { status: "loading" },
}));
vi.mock("../../src/transcription/queries", async (importOriginal) => ({
  ...(await importOriginal<typeof Queries>()),
  useSignIn: () => "signed-in",
  useRow: (_signIn: string, jobId: string | null) =>
    jobId === null
      ? { status: "loading" }
      : { status: "success", data: stored.rows.get(jobId) ?? null },
}));
