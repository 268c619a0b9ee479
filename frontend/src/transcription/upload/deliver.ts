import { asTranscriptionError } from "../errors";
import type { Tickets } from "./tickets";
import type { FileUpload } from "./uploadFile";
import type { WorkerApi } from "./workerApi";

/** After these the worker may have taken the file all the same: only its answer was lost. */
const ANSWER_LOST: ReadonlySet<string> = new Set([
  "api_unreachable",
  "unexpected_answer",
  "upload_stalled",
]);

/**
 * Sends a job's file with the job's ticket.
 * @throws TranscriptionError the worker does not have the file
 */
export async function deliver(
  api: WorkerApi,
  tickets: Tickets,
  upload: Omit<FileUpload, "ticket">,
): Promise<void> {
  const { jobId } = upload;
  const ticket = await tickets.get(jobId);
  try {
    await api.upload({ ...upload, ticket });
  } catch (thrown) {
    const error = asTranscriptionError(thrown);
    if (error.code === "unauthorized") tickets.forget(jobId);
    if (ANSWER_LOST.has(error.code) && (await isTaken(api, jobId, ticket))) return;
    throw error;
  }
}

async function isTaken(api: WorkerApi, jobId: string, ticket: string): Promise<boolean> {
  try {
    return (await api.getJob(jobId, ticket)).stage !== "uploading";
  } catch {
    return false;
  }
}
