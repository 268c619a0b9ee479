import type { ServerResponse } from "node:http";
import { expect } from "vitest";
import { json, serve, type Received } from "./server";

/** A file to upload. */
export const FILE = new File(["sound"], "talk.mp3");

/** The job that an upload is for. */
export function jobIdOf({ body }: Received): string {
  return /name="job_id"\r\n\r\n([^\r]+)/.exec(body)?.[1] ?? "";
}

/** Answers as the worker that takes a file. */
export function take(response: ServerResponse, request: Received): void {
  json(response, 202, { job_id: jobIdOf(request), status: "pending" });
}

/** A worker that takes files when it is told to. */
export async function slowWorker() {
  const waiting = new Map<string, () => void>();
  const server = await serve((response, request) => {
    waiting.set(jobIdOf(request), () => {
      take(response, request);
    });
  });
  const arrived = async (jobId: string): Promise<void> => {
    await expect.poll(() => [...waiting.keys()]).toContain(jobId);
  };
  const finish = async (jobId: string): Promise<void> => {
    await arrived(jobId);
    waiting.get(jobId)?.();
  };
  return { ...server, waiting, arrived, finish };
}
