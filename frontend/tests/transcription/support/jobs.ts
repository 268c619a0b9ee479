import { randomUUID } from "node:crypto";
import { ConvexHttpClient } from "convex/browser";
import { inject } from "vitest";
import { jobsApi } from "../../../src/transcription/backend";
import { postUpdate, tokenFor } from "../../support/backend";

/** A user whom no other test knows. */
export function newSubject(): string {
  return `user-${randomUUID()}`;
}

/** Makes a job that another page of the user has made. */
export async function createJob(subject: string, jobId: string = randomUUID()): Promise<string> {
  const client = await clientOf(subject);
  await client.mutation(jobsApi.create, { jobId, fileName: `${jobId}.mp3` });
  return jobId;
}

/** Makes a job that has been completed. */
export async function createFinished(subject: string): Promise<string> {
  const jobId = await createJob(subject);
  await postUpdate({ jobId, status: "completed", sequence: 1 });
  return jobId;
}

/** Makes that many completed jobs, one after another: the newest end comes last. */
export async function createHistory(subject: string, count: number): Promise<string[]> {
  const jobIds: string[] = [];
  for (let made = 0; made < count; made += 1) jobIds.push(await createFinished(subject));
  return jobIds;
}

/** Removes a job at another page of the user. */
export async function removeElsewhere(subject: string, jobId: string): Promise<void> {
  const client = await clientOf(subject);
  await client.mutation(jobsApi.remove, { jobId });
}

/** Cancels a job at another page of the user. */
export async function cancelElsewhere(subject: string, jobId: string): Promise<void> {
  const client = await clientOf(subject);
  await client.mutation(jobsApi.cancel, { jobId });
}

/** Posts the progress of a job under way; the number is also the update's sequence. */
export async function postProgress(
  jobId: string,
  progress: number,
  more: object = {},
): Promise<void> {
  await postUpdate({ jobId, status: "processing", progress, sequence: progress, ...more });
}

async function clientOf(subject: string): Promise<ConvexHttpClient> {
  return new ConvexHttpClient(inject("convexUrl"), {
    auth: await tokenFor(subject),
    logger: false,
  });
}
